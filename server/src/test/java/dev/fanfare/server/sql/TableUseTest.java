package dev.fanfare.server.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.sql.TableUse.Kind;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TableUseTest {
  private static Stream<String> reads(String sql) {
    return names(sql, Kind.READ);
  }

  private static Stream<String> writes(String sql) {
    return names(sql, Kind.WRITE);
  }

  private static Stream<String> names(String sql, Kind kind) {
    return TableUse.in(sql).stream().filter(use -> use.kind() == kind).map(TableUse::table);
  }

  @Test
  void inserts_updates_and_deletes_are_writes() {
    assertThat(writes("insert into a (x) select 1")).containsExactly("a");
    assertThat(writes("update only a set x = 1")).containsExactly("a");
    assertThat(writes("update s.a x set y = 1")).containsExactly("a");
    assertThat(writes("delete from a where true")).containsExactly("a");
    assertThat(writes("merge into a using b on true when matched then update set x = 1"))
        .containsExactly("a");
    assertThat(writes("truncate table a")).containsExactly("a");
    assertThat(writes("with x as (update a set y = 1 returning y) insert into b select * from x"))
        .containsExactly("a", "b");
  }

  @Test
  void for_update_and_on_conflict_do_update_are_not_writes() {
    assertThat(writes("select from a for update of a skip locked")).isEmpty();
    assertThat(writes("select from a for no key update")).isEmpty();
    assertThat(writes("insert into a values (1) on conflict (x) do update set y = 1"))
        .containsExactly("a");
  }

  @Test
  void every_table_named_by_from_or_join_is_a_read() {
    assertThat(reads("select 1 from a x, b as y, lateral (select 1 from c) z, only d"))
        .containsExactly("a", "b", "d", "c");
    assertThat(reads("select 1 from a join b using (id) left join (c cross join d) on true, e"))
        .containsExactlyInAnyOrder("a", "b", "c", "d", "e");
    assertThat(reads("delete from x using a, b where exists (select from c)"))
        .containsExactly("a", "b", "c");
    assertThat(reads("update x set y = z.y from a z where x.id = any (array(select id from b))"))
        .containsExactly("a", "b");
    assertThat(reads("select 1 from fanfare.a, \"B\"")).containsExactly("a", "b");
  }

  @Test
  void functions_expressions_and_subqueries_are_not_tables() {
    assertThat(reads("select 1 from unnest(?::int[], ?) with ordinality as t (a, b)")).isEmpty();
    assertThat(reads("select 1 from (select 1 as x) as t, generate_series(1, 2) g")).isEmpty();
    assertThat(
            reads(
                """
                with recursive x (n) as (select 1), y as not materialized (select 2 from x)
                select 1 from x join y on true
                """))
        .isEmpty();
    assertThat(reads("select extract(epoch from finished_at), trim(both ' ' from name) from a"))
        .containsExactly("a");
    assertThat(reads("select x is distinct from y, x is not distinct from z from a"))
        .containsExactly("a");
    assertThat(reads("select 1 from a order by b, c limit 1 for update of d, e"))
        .containsExactly("a");
  }

  @Test
  void comments_and_string_literals_are_ignored() {
    assertThat(TableUse.in("select ' from b ' -- join c\n /* from d */ from a"))
        .containsExactly(new TableUse("a", Kind.READ));
  }

  @Test
  void a_statement_begins_with_an_sql_verb() {
    assertThat(TableUse.isStatement("\n  select 1")).isTrue();
    assertThat(TableUse.isStatement("insert into a values (1)")).isTrue();
    assertThat(TableUse.isStatement("Update the table")).isFalse();
    assertThat(TableUse.isStatement("selected from runs")).isFalse();
  }
}
