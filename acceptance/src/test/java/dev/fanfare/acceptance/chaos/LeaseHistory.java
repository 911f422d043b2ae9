package dev.fanfare.acceptance.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.Await;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Records which session held which run, and when. Triggers on {@code leases}, in the test's
 * database only, write the history within the transactions that create and delete the leases.
 */
final class LeaseHistory {
  private final Source source;

  /** Opens connections, which the caller must close. */
  interface Source {
    Connection connect() throws SQLException;
  }

  private LeaseHistory(Source source) {
    this.source = source;
  }

  /** Starts recording in a database that a server has already migrated. */
  static LeaseHistory install(Source source) throws SQLException {
    LeaseHistory history = new LeaseHistory(source);
    history.execute(
        """
        create table lease_history (
          step       bigint      generated always as identity primary key,
          at         timestamptz not null default clock_timestamp(),
          held       boolean     not null,
          run_id     uuid        not null,
          session_id uuid        not null,
          fence      int         not null,
          losses     int         not null
        )
        """,
        "grant select, insert on lease_history to public",
        """
        create function write_lease_history() returns trigger language plpgsql as $$
        declare
          l leases := case when tg_op = 'DELETE' then old else new end;
        begin
          insert into lease_history (held, run_id, session_id, fence, losses)
          values (tg_op = 'INSERT', l.run_id, l.session_id, l.fence, l.losses);
          return null;
        end
        $$
        """,
        """
        create trigger lease_history after insert or delete on leases
           for each row execute function write_lease_history()
        """,
        // The history would miss a lease that changes its holder in place, so forbid it.
        """
        create function refuse_new_holder() returns trigger language plpgsql as $$
        begin
          raise exception 'a lease of % changed its holder or fence in place', old.run_id;
        end
        $$
        """,
        """
        create trigger lease_holder before update on leases
           for each row when (old.session_id <> new.session_id or old.fence <> new.fence
                              or old.run_id <> new.run_id)
           execute function refuse_new_holder()
        """);
    return history;
  }

  /** Waits until every run has ended and every batch is complete. */
  void awaitAllDone(Duration bound, Processes processes) {
    try {
      Await.untilAsserted(bound, () -> assertThat(standing()).isEqualTo("all done"));
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + System.lineSeparator() + processes, e);
    }
  }

  /** Describes the unfinished runs and batches in one line. */
  private String standing() throws SQLException {
    List<String> open =
        strings(
            """
            select 'ready: ' || count(*) from ready_runs having count(*) > 0
            union all
            select 'delayed: ' || count(*) from delays having count(*) > 0
            union all
            select 'leased: ' || count(*) from leases having count(*) > 0
            union all
            select status::text || ' batches ' || count(*) from batches
             where status in ('PENDING', 'PROCESSING')
             group by status
            """);
    return open.isEmpty() ? "all done" : String.join(", ", open);
  }

  /** Asserts that every run completed once, all batches count their runs, and no work is left. */
  void assertAllCompletedOnce() throws SQLException {
    assertThat(
            strings(
                """
                select coalesce(o.status::text, 'none') || ' ' || coalesce(o.error, '')
                  from runs r
                  left join outcomes o on o.environment_id = r.environment_id
                                      and o.run_id = r.run_id
                 where o.status is distinct from 'COMPLETED'
                """))
        .as("outcomes that are not COMPLETED")
        .isEmpty();
    assertThat(number("select count(*) from outcomes"))
        .as("outcomes, of which a run has one")
        .isEqualTo(number("select count(*) from runs"));
    assertThat(
            strings(
                """
                select b.batch_id || ' ' || b.status || ', open ' || b.open_runs
                       || ', items ' || b.item_count || ', runs ' || count(r.run_id)
                  from batches b
                  left join runs r on r.environment_id = b.environment_id
                                  and r.batch_id = b.batch_id
                 group by b.environment_id, b.batch_id
                having b.status <> 'COMPLETED'
                    or b.open_runs <> 0
                    or b.item_count <> count(r.run_id)
                """))
        .as("batches that do not count their runs")
        .isEmpty();
    assertThat(
            number(
                """
                select (select count(*) from ready_runs) + (select count(*) from leases)
                       + (select count(*) from delays) + (select count(*) from parked)
                """))
        .as("runs that are still somewhere")
        .isZero();
  }

  /** Asserts that no run had two holders at once, and that fences increased with each holder. */
  void assertOneHolderAtATime() throws SQLException {
    assertThat(overlaps()).as("leases that overlap or repeat a fence").isEmpty();
    assertThat(number("select count(distinct run_id) from lease_history"))
        .as("runs that were held")
        .isEqualTo(number("select count(*) from runs"));
  }

  /** Describes leases that overlap, repeat a fence, or were never ended. */
  List<String> overlaps() throws SQLException {
    return strings(
        """
        select run_id || ' at step ' || step || ': ' || what
          from (select h.*,
                       case when held and last_held then 'held while held'
                            when held and at < last_at then 'held before it was let go'
                            when held and fence <= last_fence then 'fence did not grow'
                            when not held and last_held is distinct from true
                                 then 'let go while free'
                            when not held and (session_id, fence)
                                              <> (last_session, last_fence)
                                 then 'let go by somebody else'
                            when last_of_run and held then 'never let go' end as what
                  from (select h.*,
                               lag(held) over steps as last_held,
                               lag(at) over steps as last_at,
                               lag(fence) over steps as last_fence,
                               lag(session_id) over steps as last_session,
                               lead(step) over steps is null as last_of_run
                          from lease_history h
                        window steps as (partition by run_id order by step)) as h) as h
         where what is not null
        """);
  }

  /** Describes queues whose runs were held by more sessions at once than their limit allows. */
  List<String> limitsExceeded() throws SQLException {
    return strings(
        """
        select name || ' ' || concurrency_key || ': ' || max(holders) || ' of ' || concurrency_limit
          from (select q.name, q.concurrency_limit, l.concurrency_key,
                       sum(case when h.held then 1 else -1 end)
                         over (partition by q.queue_id, l.concurrency_key order by h.step) as holders
                  from lease_history h
                  join runs r on r.run_id = h.run_id
                  join lanes l on l.environment_id = r.environment_id and l.lane_id = r.lane_id
                  join queues q on q.environment_id = l.environment_id and q.queue_id = l.queue_id
                 where q.concurrency_limit is not null) as steps
         group by name, concurrency_key, concurrency_limit
        having max(holders) > concurrency_limit
        """);
  }

  /** How often a run was taken from a worker that counted as lost. */
  long losses() throws SQLException {
    return number(
        """
        select coalesce(sum(losses), 0)
          from (select max(losses) as losses from lease_history where held group by run_id) as runs
        """);
  }

  /** Forgets all steps so far. No run may be held. */
  void forget() throws SQLException {
    execute("truncate lease_history");
  }

  /** The number of runs that have ended so far. */
  long ended() throws SQLException {
    return number("select count(*) from outcomes");
  }

  /** The runs that are held now. */
  Set<UUID> held() throws SQLException {
    return strings("select run_id::text from leases").stream()
        .map(UUID::fromString)
        .collect(Collectors.toSet());
  }

  /** The sessions that have held a run. */
  List<UUID> sessions() throws SQLException {
    return strings("select distinct session_id::text from lease_history").stream()
        .map(UUID::fromString)
        .toList();
  }

  /** How often each run was claimed; absent, if never. */
  Map<UUID, Long> claims() throws SQLException {
    Map<UUID, Long> claims = new HashMap<>();
    for (String run : strings("select run_id::text from lease_history where held")) {
      claims.merge(UUID.fromString(run), 1L, Long::sum);
    }
    return claims;
  }

  /** The number of claims of runs that had been lost with a worker. */
  long claimsAfterLoss() throws SQLException {
    return number("select count(*) from lease_history where held and losses > 0");
  }

  /** The number of claims of runs that had been held before. */
  long claimsAgain() throws SQLException {
    return number("select count(*) from lease_history where held and fence > 1");
  }

  /** The number of runs with each tag. */
  Map<String, Long> runsByTag() throws SQLException {
    Map<String, Long> runs = new HashMap<>();
    for (String tag : strings("select tag from run_tags")) {
      runs.merge(tag, 1L, Long::sum);
    }
    return runs;
  }

  /** Runs a query that returns a single number. */
  long number(String sql, Object... parameters) throws SQLException {
    return Long.parseLong(strings(sql, parameters).getFirst());
  }

  /** Runs a query that returns one column of texts. */
  List<String> strings(String sql, Object... parameters) throws SQLException {
    List<String> values = new ArrayList<>();
    try (Connection connection = source.connect();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          values.add(rows.getString(1));
        }
      }
    }
    return values;
  }

  private void execute(String... statements) throws SQLException {
    try (Connection connection = source.connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
