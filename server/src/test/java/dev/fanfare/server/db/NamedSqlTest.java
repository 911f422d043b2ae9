package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.testkit.SettableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamedSqlTest {

  @Test
  void each_name_becomes_a_question_mark() {
    NamedSql sql = NamedSql.of("select :one, f(:second_2) from t where a=:three");
    assertThat(sql.text()).isEqualTo("select ?, f(?) from t where a=?");
    assertThat(sql.names()).containsExactly("one", "second_2", "three");
  }

  @Test
  void a_repeated_name_is_listed_at_each_position() {
    NamedSql sql = NamedSql.of("select :a, :b, :a");
    assertThat(sql.text()).isEqualTo("select ?, ?, ?");
    assertThat(sql.names()).containsExactly("a", "b", "a");
  }

  @Test
  void a_cast_is_not_a_parameter() {
    NamedSql sql = NamedSql.of("select :ids::uuid[], now()::date, '1'::int8");
    assertThat(sql.text()).isEqualTo("select ?::uuid[], now()::date, '1'::int8");
    assertThat(sql.names()).containsExactly("ids");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select 'at :noon?'",
        "select 'it''s :noon?'",
        "select 'unfinished :noon?",
        "select 1 -- until :noon?",
        "select 1 -- until :noon?\n",
        "select -1, ' -- ', a[1:2], '{\"a\": 1}' ->> 'a'",
        "select :Upper, 1 :",
      })
  void literals_comments_and_other_colons_stay_as_they_are(String text) {
    NamedSql sql = NamedSql.of(text);
    assertThat(sql.text()).isEqualTo(text);
    assertThat(sql.names()).isEmpty();
  }

  @Test
  void parameters_after_a_literal_or_comment_are_found() {
    NamedSql sql = NamedSql.of("select ':no', :a -- :no\n, 'it''s :no', :b");
    assertThat(sql.text()).isEqualTo("select ':no', ? -- :no\n, 'it''s :no', ?");
    assertThat(sql.names()).containsExactly("a", "b");
  }

  @Test
  void a_condition_on_the_time_in_ids_becomes_part_of_the_text() {
    IdRanges grid =
        new IdRanges(Duration.ofDays(7), new SettableClock(Instant.parse("2026-12-02T10:00:00Z")));
    UUID id = UUID.fromString("019ad716-7800-7000-8000-000000000000");
    NamedSql sql =
        NamedSql.of(
            "select 'within(a, :b)' where x.id = :id and within(x.id, :id) and since(id, :id)"
                + " and recent(y.id) and not_within(:id)");
    assertThat(sql.names()).containsExactly("id", "id");
    assertThat(sql.has("id")).isTrue();
    assertThat(sql.text(grid, name -> id))
        .isEqualTo(
            "select 'within(a, :b)' where x.id = ? and "
                + grid.within("x.id", id, grid.now())
                + " and "
                + grid.since("id", id, grid.now())
                + " and "
                + grid.recent("y.id", grid.now())
                + " and not_within(?)");
  }

  @Test
  void a_question_mark_is_refused() {
    assertThatThrownBy(() -> NamedSql.of("select ? from t"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Parameters must have names, such as :limit: select ? from t");
  }

  @Test
  void a_statement_is_parsed_once() {
    String text = "select :a";
    assertThat(NamedSql.of(text)).isSameAs(NamedSql.of(text));
  }
}
