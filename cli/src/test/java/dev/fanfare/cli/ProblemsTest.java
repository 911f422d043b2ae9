package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.cli.Problems.Problem;
import dev.fanfare.postgres.PostgresException;
import dev.fanfare.server.component.StartException;
import dev.fanfare.server.config.InvalidSettingException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ProblemsTest {
  static Stream<Arguments> known() {
    return Stream.of(
        Arguments.of(
            new InvalidSettingException("FANFARE_PORT", "must be a whole number, not \"x\""),
            "FANFARE_PORT must be a whole number, not \"x\".",
            78),
        Arguments.of(
            new PostgresException("the data folder belongs to\n  another major version"),
            "the data folder belongs to another major version.",
            69),
        Arguments.of(
            new SQLException("Connection to db:5432 refused.", "08001"),
            "the database in FANFARE_DATABASE_URL cannot be reached: Connection to db:5432"
                + " refused.",
            69),
        Arguments.of(
            new SQLException("FATAL: password authentication failed", "28P01"),
            "the database rejected the user or password in FANFARE_DATABASE_URL.",
            69),
        Arguments.of(
            new SQLException("FATAL: database \"app\" does not exist", "3D000"),
            "the database named in FANFARE_DATABASE_URL does not exist. Create it, then start"
                + " again.",
            69),
        Arguments.of(
            new StartException("The database cannot be used: it is too old"),
            "The database cannot be used: it is too old.",
            69));
  }

  @ParameterizedTest
  @MethodSource("known")
  void a_problem_the_user_can_solve_is_one_sentence_however_deep_its_cause(
      Throwable cause, String sentence, int status) {
    Throwable wrapped = new IllegalStateException("start failed", new RuntimeException(cause));

    assertThat(Problems.known(wrapped)).isEqualTo(new Problem(sentence, status));
  }

  @Test
  void a_bug_is_printed_with_its_stack_trace() {
    assertThat(Problems.known(new IllegalStateException("a bug"))).isNull();
    assertThat(Problems.known(new SQLException("syntax error", "42601"))).isNull();
    assertThat(Problems.known(new UncheckedIOException(new java.io.IOException("disk")))).isNull();
  }

  @Test
  void a_cycle_of_causes_ends() {
    RuntimeException one = new RuntimeException("one");
    RuntimeException other = new RuntimeException("other", one);
    one.initCause(other);

    assertThat(Problems.known(one)).isNull();
  }
}
