package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void columns_are_as_wide_as_their_widest_cell_and_no_line_ends_in_spaces() {
    assertThat(Table.lines(List.of(List.of("ID", "NAME", "X"), List.of("1", "a long name", ""))))
        .containsExactly("ID  NAME         X", "1   a long name");
  }
}
