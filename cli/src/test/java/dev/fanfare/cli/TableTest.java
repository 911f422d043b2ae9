package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void columnsAreAsWideAsTheirWidestCellAndNoLineEndsInSpaces() {
    assertThat(Table.lines(List.of(List.of("ID", "NAME", "X"), List.of("1", "a long name", ""))))
        .containsExactly("ID  NAME         X", "1   a long name");
  }
}
