package dev.fanfare.server.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.Filters;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.MigratedDatabase;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.testkit.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * How many rows and index entries a list reads when few or none of many runs match. PostgreSQL
 * itself counts them.
 */
class ListReadsTest {
  private static final int ENVIRONMENT = 1;
  private static final int RUNS = 20_000;

  /** Rows and entries for a page, from each of 20 versions; far less than all runs. */
  private static final int READ_MAX = 3_000;

  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
  private static final UUID BATCH = new UUID(1, 1);

  private static TestDatabase home;
  private static Database database;
  private static ListRuns lists;

  /** All runs are COMPLETED, one a second. The oldest 10 have what filters look for. */
  @BeforeAll
  static void fill() {
    home = MigratedDatabase.create();
    database = MigratedDatabase.open(home, 1); // which reports what it read
    lists = new ListRuns(database, Duration.ofMinutes(1));
    database.transaction(
        ENVIRONMENT,
        tx -> {
          tx.sql(
                  """
                  insert into queues (environment_id, name)
                  values (:environment, 'common'), (:environment, 'rare'),
                         (:environment, 'other')
                  """)
              .update();
          tx.sql(
                  """
                  insert into tasks (environment_id, slug, queue_id, max_attempts, retry_min_ms,
                                     retry_max_ms, retry_factor, retry_randomize)
                  select :environment, slug, 1, 1, 1, 1, 1, false
                    from unnest(array['common', 'rare', 'other']) as slug
                  """)
              .update();
          tx.sql(
                  """
                  insert into versions (environment_id, version)
                  select :environment, i::text from generate_series(1, 21) as i
                  """)
              .update();
          tx.sql(
                  """
                  insert into lanes (environment_id, queue_id, task_id)
                  values (:environment, 1, 1), (:environment, 2, 2), (:environment, 3, 3)
                  """)
              .update();
          tx.sql(
                  """
                  insert into task_queues (environment_id, task_id, queue_id, version_id)
                  values (:environment, 1, 1, 0), (:environment, 2, 2, 0), (:environment, 3, 3, 0),
                         (:environment, 1, 1, 21)
                  """)
              .update();
          tx.sql(
                  """
                  insert into runs (environment_id, run_id, task_id, queue_id, version_id, lane_id,
                                    rank, created_at, tags, options, source, is_test)
                  select :environment,
                         (lpad(to_hex(:begin + 1000 * i), 12, '0') || lpad(i::text, 20, '0'))::uuid,
                         t.id, t.id, case when i between 10 and 19 then 21 end, t.id, i,
                         to_timestamp(:begin / 1000 + i),
                         array[case when i < 10 then 'rare' else 'common' end],
                         case when i < 10 then '{"machine":"micro","region":"eu"}'
                              else '{"machine":"small-1x","region":"us"}' end,
                         'API', i < 10
                    from generate_series(0, :runs - 1) as i
                   cross join lateral (
                           select case when i < 10 then 2 when i < 20 or i % 2 = 0 then 1 else 3 end
                                  as id) as t
                  """)
              .bind("begin", BEGIN.toEpochMilli())
              .bind("runs", RUNS)
              .update();
          tx.sql(
                  """
                  insert into run_tags (environment_id, tag, run_id)
                  select environment_id, tags[1], run_id from runs
                  """)
              .update();
          tx.sql(
                  """
                  insert into outcomes (environment_id, run_id, status, attempt, finished_at,
                                        duration_ms, version_id)
                  select environment_id, run_id,
                         case when is_test then 'FAILED' else 'COMPLETED' end::run_status, 1, now(),
                         1, case when is_test then 20 when version_id = 21 then 0 else 1 + rank % 19 end
                    from runs
                  """)
              .update();
          return tx.sql(
                  """
                  insert into batches (environment_id, batch_id, status, open_runs, item_count,
                                       first_ids, created_at)
                  select :environment, :batch_id, 'COMPLETED', 0, 10, array_agg(run_id), now()
                    from runs
                   where is_test
                  """)
              .bind("batch_id", BATCH)
              .update();
        });
  }

  @AfterAll
  static void stop() {
    database.close();
    home.close();
  }

  /** How many rows of tables and entries of indexes were read so far, by this test only. */
  private static long read() {
    database.transaction(
        tx -> tx.sql("select pg_stat_force_next_flush()::text as f").first(r -> true));
    return Objects.requireNonNull(
        database.transaction(tx ->
            tx.sql(
                    """
                    select (select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))
                              from pg_stat_user_tables)::int8
                             + (select sum(idx_tup_read) from pg_stat_user_indexes)::int8 as n
                    """)
                .first(r -> r.bigint("n"))));
  }

  static Stream<Arguments> filters() {
    return Stream.concat(
        Stream.of(RunStatus.values())
            .map(status ->
                Arguments.of(
                    status.name(),
                    new Filters().statuses(List.of(status)),
                    switch (status) {
                      case COMPLETED -> 25;
                      case FAILED -> 10;
                      default -> 0;
                    })),
        Stream.of(
            Arguments.of("a rare task", new Filters().tasks(List.of("rare")), 10),
            Arguments.of("a task", new Filters().tasks(List.of("common")), 25),
            Arguments.of("an unknown task", new Filters().tasks(List.of("none")), 0),
            Arguments.of("a rare tag", new Filters().tags(List.of("rare")), 10),
            Arguments.of("an unknown tag", new Filters().tags(List.of("none")), 0),
            Arguments.of("a rare queue", new Filters().queues(List.of("rare")), 10),
            Arguments.of("an unknown queue", new Filters().queues(List.of("none")), 0),
            Arguments.of("a rare version", new Filters().versions(List.of("20")), 10),
            Arguments.of("a version of locked runs", new Filters().versions(List.of("21")), 10),
            Arguments.of("an unknown version", new Filters().versions(List.of("none")), 0),
            Arguments.of("a rare machine", new Filters().machines(List.of("micro")), 10),
            Arguments.of("an unknown machine", new Filters().machines(List.of("none")), 0),
            Arguments.of("a rare region", new Filters().regions(List.of("eu")), 10),
            Arguments.of("an unknown region", new Filters().regions(List.of("none")), 0),
            Arguments.of("a batch", new Filters().batch(BATCH), 10),
            Arguments.of("an unknown batch", new Filters().batch(new UUID(2, 2)), 0),
            Arguments.of("tests", new Filters().test(true), 10),
            Arguments.of("no tests", new Filters().test(false), 25),
            Arguments.of("the oldest", new Filters().createdTo(BEGIN.plusSeconds(3)), 4),
            Arguments.of("older", new Filters().createdTo(BEGIN.minus(Duration.ofDays(1))), 0),
            Arguments.of("newer", new Filters().createdFrom(BEGIN.plus(Duration.ofDays(1))), 0),
            Arguments.of("all", new Filters(), 25),
            Arguments.of(
                "a task in the queue of another",
                new Filters().tasks(List.of("common")).queues(List.of("other")),
                0),
            Arguments.of(
                "two rare conditions",
                new Filters().tasks(List.of("rare")).statuses(List.of(RunStatus.FAILED)),
                10),
            Arguments.of(
                "a rare condition among others",
                new Filters()
                    .tasks(List.of("common", "rare"))
                    .statuses(List.of(RunStatus.COMPLETED, RunStatus.FAILED))
                    .tags(List.of("rare")),
                10)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("filters")
  void a_list_reads_little_more_than_it_shows(String name, Filters filters, int shown) {
    long before = read();
    ListRuns.Page page =
        lists
            .page(ENVIRONMENT, filters.toFilter(), 25, null, null, bytes -> {})
            .orElseThrow(HttpError::of);
    assertThat(read() - before).as("rows and entries read: %s", name).isLessThan(READ_MAX);
    assertThat(page.runs()).hasSize(shown);
  }

  @Test
  void the_newest_runs_of_a_backlog_are_found_without_reading_all_of_it() {
    database.transaction(
        2,
        tx -> {
          tx.sql(
                  """
                  insert into runs (environment_id, run_id, task_id, queue_id, lane_id, rank,
                                    created_at, source, is_test)
                  select 2, run_id, 1, 1, 1, rank, created_at, source, false from runs
                   where environment_id = 1 and :environment = 2
                  """)
              .update();
          tx.sql(
                  """
                  insert into queues (environment_id, queue_id, name) overriding system value
                  values (:environment, 1, 'common')
                  """)
              .update();
          tx.sql(
                  """
                  insert into tasks (environment_id, task_id, slug, queue_id, max_attempts,
                                     retry_min_ms, retry_max_ms, retry_factor, retry_randomize)
                         overriding system value
                  values (:environment, 1, 'common', 1, 1, 1, 1, 1, false)
                  """)
              .update();
          tx.sql(
                  """
                  insert into lanes (environment_id, lane_id, queue_id, task_id)
                         overriding system value
                  values (:environment, 1, 1, 1)
                  """)
              .update();
          return tx.sql(
                  """
                  insert into ready (environment_id, task_id, version_id, lane_id, rank, last_id,
                                     fence, attempt, losses)
                  select :environment, 1, 0, 1, rank, run_id, 0, 0, 0
                    from runs
                   where environment_id = 2
                  """)
              .update();
        });
    long before = read();
    ListRuns.Page page =
        lists
            .page(
                2,
                new Filters().statuses(List.of(RunStatus.QUEUED)).toFilter(),
                25,
                null,
                null,
                bytes -> {})
            .orElseThrow(HttpError::of);
    assertThat(page.runs()).hasSize(25);
    assertThat(read() - before).as("the newest runs are queued").isLessThan(READ_MAX);
  }
}
