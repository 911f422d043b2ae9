package dev.fanfare.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.JavaLiterals.Literal;
import org.junit.jupiter.api.Test;

class JavaLiteralsTest {
  @Test
  void literals_are_found_and_what_a_plus_joins_is_one() {
    String block = "\"\"\"\n  select \"a\"\n  \"\"\"";
    String source =
        """
        // "comment"
        /* "comment" */ char c = '"'; char d = '\\'';
        f("one" + " \\" two", %s, "three"
            + /* still */ "four" + x + "five");
        """
            .formatted(block);
    assertThat(JavaLiterals.of(source))
        .containsExactly(
            new Literal(3, "one \\\" two"),
            new Literal(3, "  select \"a\"\n  "),
            new Literal(5, "threefour"),
            new Literal(6, "five"));
  }

  @Test
  void literals_of_a_call_are_those_among_its_arguments() {
    String source = "a(\"no\"); b(f(\"(1\"), \"2\" + x, g()); b(\"3\"); c(\"no\");";
    assertThat(JavaLiterals.inCallsOf("b", source))
        .extracting(Literal::text)
        .containsExactly("(1", "2", "3");
  }
}
