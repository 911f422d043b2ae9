package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.testkit.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class StatementTest {
  private static final int ENVIRONMENT = 7;
  private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678901Z");
  private static final UUID ID = UUID.fromString("01234567-89ab-cdef-0123-456789abcdef");

  private static TestDatabase home;
  private static Database database;

  @BeforeAll
  static void start() {
    home = TestDatabase.create();
    database =
        Database.open(
            new DatabaseAddress(home.jdbcUrl(), home.user(), home.password()),
            2,
            Duration.ofSeconds(30),
            MigratedDatabase.RANGES);
  }

  @AfterAll
  static void stop() {
    database.close();
    home.close();
  }

  private static <T> T run(Function<Tx, T> work) {
    return database.transaction(ENVIRONMENT, work);
  }

  @Test
  void values_are_bound_by_name_with_the_type_of_java() {
    List<Object> row =
        run(tx ->
            tx.sql(
                    """
                    select :text as text, :integer as integer, :bigint as bigint, :real as real,
                           :flag as flag, :id as id, :time as time, :bytes as bytes
                    """)
                .bind("flag", true)
                .bind("text", "a:b?")
                .bind("integer", 3)
                .bind("bigint", 5_000_000_000L)
                .bind("real", 0.5)
                .bind("id", ID)
                .bind("time", TIME)
                .bind("bytes", "ab".getBytes(StandardCharsets.UTF_8))
                .first(r ->
                    List.of(
                        r.text("text"),
                        r.integer("integer"),
                        r.bigint("bigint"),
                        r.real("real"),
                        r.flag("flag"),
                        r.uuid("id"),
                        r.instant("time"),
                        new String(r.bytes("bytes"), StandardCharsets.UTF_8))));
    assertThat(row).containsExactly("a:b?", 3, 5_000_000_000L, 0.5, true, ID, TIME, "ab");
  }

  @Test
  void a_null_takes_the_type_of_its_cast() {
    List<Object> row =
        run(tx ->
            tx.sql(
                    "select :text::text as text, :number::int4 as number, :time::timestamptz as"
                        + " time")
                .bind("text", null)
                .bind("number", null)
                .bind("time", null)
                .first(r ->
                    Arrays.asList(
                        r.textOrNull("text"), r.integerOrNull("number"), r.instantOrNull("time"))));
    assertThat(row).containsExactly(null, null, null);
  }

  @Test
  void rows_are_bound_as_one_array_for_each_column() {
    record Item(UUID id, String name, Integer count, Long millis, Boolean flag, Instant time) {}
    List<Item> items =
        List.of(new Item(ID, "a", 1, 2L, true, TIME), new Item(null, null, null, null, null, null));
    List<Item> read =
        run(tx ->
            tx.sql(
                    """
                    select *
                      from unnest(:ids::uuid[], :names::text[], :counts::int4[], :millis::int8[],
                                  :flags::bool[], :times::timestamptz[])
                           as i (id, name, count, millis, flag, time)
                    """)
                .uuids("ids", items, Item::id)
                .texts("names", items, Item::name)
                .intsOrNull("counts", items, Item::count)
                .longsOrNull("millis", items, Item::millis)
                .flags("flags", items, Item::flag)
                .times("times", items, Item::time)
                .list(r -> {
                  Duration millis = r.millisOrNull("millis");
                  return new Item(
                      r.uuidOrNull("id"),
                      r.textOrNull("name"),
                      r.integerOrNull("count"),
                      millis == null ? null : millis.toMillis(),
                      r.textOrNull("flag") == null ? null : r.flag("flag"),
                      r.instantOrNull("time"));
                }));
    assertThat(read).isEqualTo(items);
  }

  @Test
  void collections_are_bound_as_arrays() {
    List<String> read =
        run(tx ->
            tx.sql(
                    """
                    select (:ids)[1]::text || ' ' || (:texts)[2] || ' ' || (:ints)[1] || ' '
                           || (:longs)[1] || ' ' || encode((:bytes)[1], 'escape') as text
                    """)
                .uuids("ids", List.of(ID))
                .texts("texts", List.of("a", "b"))
                .ints("ints", List.of(1))
                .longs("longs", List.of(5_000_000_000L), number -> number)
                .bytes("bytes", List.of("x"), text -> text.getBytes(StandardCharsets.UTF_8))
                .list(r -> r.text("text")));
    assertThat(read).containsExactly(ID + " b 1 5000000000 x");
  }

  @Test
  void a_repeated_name_has_the_same_value_everywhere() {
    String text =
        run(tx ->
            tx.sql("select :a || ' ' || :b || ' ' || :a as text")
                .bind("a", "one")
                .bind("b", "two")
                .first(r -> r.text("text")));
    assertThat(text).isEqualTo("one two one");
  }

  @Test
  void a_parameter_without_a_value_is_an_error() {
    assertThatThrownBy(() ->
            run(tx -> tx.sql("select :a || :b as text").bind("a", "x").first(r -> r.text("text"))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("The parameter :b has no value");
  }

  @Test
  void a_value_without_a_parameter_is_an_error() {
    assertThatThrownBy(() -> run(tx -> tx.sql("select :a as a, ':b' as b").bind("b", "x").update()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The statement has no parameter :b to bind");
    assertThatThrownBy(() -> run(tx -> tx.sql("select 1").uuids("ids", List.of()).update()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The statement has no parameter :ids to bind");
  }

  @Test
  void a_value_of_an_unknown_type_is_an_error() {
    assertThatThrownBy(() ->
            run(tx -> tx.sql("select :a as a").bind("a", Duration.ZERO).first(r -> r.text("a"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot bind a value of class java.time.Duration");
  }

  @Test
  void the_environment_is_that_of_the_transaction() {
    Function<Tx, Integer> read =
        tx -> tx.sql("select :environment as n").first(r -> r.integer("n"));
    assertThat(run(read)).isEqualTo(ENVIRONMENT);
    assertThat(run(Tx::environmentId)).isEqualTo(ENVIRONMENT);
  }

  @Test
  void the_environment_cannot_be_replaced() {
    assertThatThrownBy(() -> run(tx -> tx.sql("select :environment").bind("environment", 8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The statement has no parameter :environment to bind");
  }

  @Test
  void the_first_of_no_rows_is_null() {
    String nothing = "select 1 as n where false";
    List<Integer> all = run(tx -> tx.sql(nothing).list(r -> r.integer("n")));
    Integer first = run(tx -> tx.sql(nothing).first(r -> r.integer("n")));
    assertThat(all).isEmpty();
    assertThat(first).isNull();
  }

  @Test
  void an_update_returns_the_number_of_rows() {
    int changed =
        run(tx -> {
          tx.sql("create temporary table numbers (n int) on commit drop").update();
          return tx.sql("insert into numbers select unnest(:numbers)")
              .ints("numbers", List.of(1, 2, 3))
              .update();
        });
    assertThat(changed).isEqualTo(3);
  }

  @Test
  void replanning_ends_with_the_transaction() {
    String mode = "select current_setting('plan_cache_mode') as mode";
    List<String> replanned = run(tx -> tx.sql(mode).listReplanned(r -> r.text("mode")));
    List<String> later = run(tx -> tx.sql(mode).list(r -> r.text("mode")));
    assertThat(replanned).containsExactly("force_custom_plan");
    assertThat(later).containsExactly("force_generic_plan");
  }

  @Test
  void a_failed_statement_names_its_cause() {
    assertThatThrownBy(() -> run(tx -> tx.sql("select 1 / 0 as n").first(r -> r.integer("n"))))
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("division by zero");
  }

  @Test
  void a_null_in_a_column_that_has_none_names_the_column() {
    assertThatThrownBy(() -> run(tx -> tx.sql("select null as name").first(r -> r.text("name"))))
        .isInstanceOf(DatabaseException.class)
        .hasMessage("Column name is null");
  }
}
