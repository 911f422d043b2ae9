package dev.fanfare.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class MarkdownTableTest {
  private static final String PAGE =
      """
      # Page

      | One | Two |
      |---|:-:|
      | `a` | b \\| c |
      | | d |
      Text.

      | One | Three |
      |---|---|
      | e | |
      """;

  @Test
  void tables_are_found_with_their_cells() {
    assertThat(MarkdownTable.in(PAGE))
        .containsExactly(
            new MarkdownTable(
                List.of("One", "Two"), List.of(List.of("`a`", "b \\| c"), List.of("", "d"))),
            new MarkdownTable(List.of("One", "Three"), List.of(List.of("e", ""))));
  }

  @Test
  void tables_are_chosen_by_their_first_columns() {
    assertThat(MarkdownTable.in(PAGE, "One")).hasSize(2);
    assertThat(MarkdownTable.in(PAGE, "One", "Three")).hasSize(1);
    assertThatThrownBy(() -> MarkdownTable.in(PAGE, "Two")).isInstanceOf(AssertionError.class);
  }
}
