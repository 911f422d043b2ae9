package dev.fanfare.acceptance.chaos;

import dev.fanfare.acceptance.chaos.ChaosWorker.Done;
import dev.fanfare.acceptance.chaos.ChaosWorker.Work;
import dev.fanfare.acceptance.chaos.Executions.Execution;
import dev.fanfare.acceptance.chaos.Load.Acknowledged;
import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.testkit.Await;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What must hold whatever went wrong, checked when all work has ended. Each check looks at the runs
 * since the one before. Not thread-safe.
 */
final class Invariants {
  private static final Duration QUIET = Duration.ofSeconds(90);

  /** Everything that is open: no row is left when all runs have ended. */
  private static final String OPEN =
      """
      select what || ' ' || rows
        from (          select 'ready', count(*) from ready_runs
              union all select 'leases', count(*) from leases
              union all select 'delays', count(*) from delays
              union all select 'parked', count(*) from parked
              union all select 'cancellations', count(*) from cancellations
              union all select 'batch_items', count(*) from batch_items
              union all select 'batch_parts', count(*) from batch_parts
              union all select 'open batches', count(*) from batches
                         where status in ('PENDING', 'PROCESSING')) as counts (what, rows)
       where rows > 0
      """;

  private final Cluster cluster;
  private final LeaseHistory history;
  private final Findings findings;
  private UUID lastRun = new UUID(0, 0);
  private UUID lastBatch = new UUID(0, 0);
  private long runs;

  /** A run as stored. */
  private record StoredRun(
      String id,
      Work work,
      @Nullable String status,
      @Nullable String output,
      @Nullable String error,
      OffsetDateTime created,
      @Nullable OffsetDateTime started,
      @Nullable OffsetDateTime finished) {
    UUID uuid() {
      return Objects.requireNonNull(PublicId.parse(PublicId.RUN, id));
    }

    boolean mayBe(String other) {
      char kind = work.op().charAt(0);
      return other.equals("CANCELED") && kind == Load.CANCELED
          || other.equals("EXPIRED") && kind == Load.EXPIRING;
    }

    /** The executions of a run that no worker lost. */
    int executions() {
      return "EXPIRED".equals(status) ? 0 : Math.min(work.failures() + 1, ChaosWorker.ATTEMPTS);
    }

    String expected() {
      return work.failures() < ChaosWorker.ATTEMPTS ? "COMPLETED" : "FAILED";
    }

    @Override
    public String toString() {
      return id + " of " + work;
    }
  }

  Invariants(Cluster cluster, LeaseHistory history, Findings findings) {
    this.cluster = cluster;
    this.history = history;
    this.findings = findings;
  }

  /** The number of runs that were checked so far. */
  long runs() {
    return runs;
  }

  /** Waits until all work has ended; returns whether it has. */
  boolean awaitQuiet() {
    try {
      Await.until("all runs to end", QUIET, () -> history.strings(OPEN).isEmpty());
      return true;
    } catch (AssertionError e) {
      findings.add("not all runs ended: " + open());
      return false;
    }
  }

  private String open() {
    try {
      return String.join(", ", history.strings(OPEN));
    } catch (SQLException e) {
      return e.toString();
    }
  }

  /**
   * Checks everything since the last time. All work has ended.
   *
   * @param lost the workers whose runs may have been taken from them
   * @param claims how often each run was claimed, if a crash may have undone further claims. Such a
   *     run is executed again, perhaps while the worker still executes it: see ADR 23
   */
  void check(
      List<Acknowledged> acknowledged,
      Map<String, List<Execution>> executions,
      Set<Integer> lost,
      @Nullable Map<UUID, Long> claims)
      throws SQLException {
    List<StoredRun> stored = storedRuns();
    runs += stored.size();
    Map<String, StoredRun> byPlace = new HashMap<>();
    for (StoredRun run : stored) {
      StoredRun twin = byPlace.put(run.work.op() + "/" + run.work.index(), run);
      if (twin != null) {
        findings.add("triggered once, stored twice: " + run + " and " + twin.id);
      }
      checkOutcome(run);
      List<Execution> ofRun = executions.getOrDefault(run.id, List.of());
      checkExecutions(
          run,
          ofRun,
          ofRun.stream().anyMatch(e -> lost.contains(e.worker()))
              || claims != null && ofRun.size() > claims.getOrDefault(run.uuid(), 0L));
    }
    checkChildren(stored, byPlace);
    checkAcknowledged(acknowledged, byPlace);
    checkBatches();
    checkRest();
  }

  private List<StoredRun> storedRuns() throws SQLException {
    List<StoredRun> stored = new ArrayList<>();
    try (Connection connection = cluster.database().connect();
        PreparedStatement statement =
            connection.prepareStatement(
                """
                select r.run_id, r.payload, o.status::text, o.output, o.error,
                       r.created_at, o.started_at, o.finished_at
                  from runs r
                  left join outcomes o on o.environment_id = r.environment_id
                                      and o.run_id = r.run_id
                 where r.run_id > ?
                 order by r.run_id
                """)) {
      statement.setObject(1, lastRun);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          lastRun = rows.getObject(1, UUID.class);
          stored.add(
              new StoredRun(
                  PublicId.format(PublicId.RUN, lastRun),
                  WireJson.mapper().readValue(rows.getString(2), Work.class),
                  rows.getString(3),
                  rows.getString(4),
                  rows.getString(5),
                  rows.getObject(6, OffsetDateTime.class),
                  rows.getObject(7, OffsetDateTime.class),
                  rows.getObject(8, OffsetDateTime.class)));
        }
      }
    }
    return stored;
  }

  private void checkOutcome(StoredRun run) {
    if (run.status == null) {
      findings.add("no outcome: " + run);
      return;
    }
    if (!run.status.equals(run.expected()) && !run.mayBe(run.status)) {
      findings.add("%s, not %s: %s, %s".formatted(run.status, run.expected(), run, run.error));
    }
    if (run.status.equals("COMPLETED")
        && !WireJson.mapper().readValue(run.output, Done.class).equals(run.work.done())) {
      findings.add("the output of another run: " + run + ": " + run.output);
    }
    boolean ordered =
        run.started == null
            ? !run.finished.isBefore(run.created)
            : !run.started.isBefore(run.created) && !run.finished.isBefore(run.started);
    if (!ordered) {
      findings.add(
          "created %s, started %s, finished %s: %s"
              .formatted(run.created, run.started, run.finished, run));
    }
  }

  private void checkExecutions(StoredRun run, List<Execution> executions, boolean mayRepeat) {
    int expected = run.executions();
    if (executions.size() > expected && !mayRepeat) {
      findings.add("executed again: " + run + ": " + executions);
    }
    if (executions.size() < expected && !mayRepeat && !"CANCELED".equals(run.status)) {
      findings.add("executed too seldom: " + run + ": " + executions);
    }
    for (int i = 0; i < executions.size() && !mayRepeat; i++) {
      Execution execution = executions.get(i);
      if (execution.end().equals(Executions.INTERRUPTED) && !"CANCELED".equals(run.status)) {
        findings.add("interrupted: " + run + ": " + execution);
      }
      if (i > 0 && execution.startMillis() < executions.get(i - 1).endMillis()) {
        findings.add("executed twice at once: " + run + ": " + executions);
      }
    }
  }

  private void checkChildren(List<StoredRun> stored, Map<String, StoredRun> byPlace) {
    for (StoredRun run : stored) {
      if (run.work.op().charAt(0) == 'p' && !run.work.op().contains(".")) {
        for (int child = 0; child < ChaosWorker.CHILDREN; child++) {
          if (!byPlace.containsKey(run.work.op() + ".c/" + child)) {
            findings.add("child " + child + " is missing: " + run);
          }
        }
      }
    }
  }

  private void checkAcknowledged(List<Acknowledged> acknowledged, Map<String, StoredRun> byPlace) {
    for (Acknowledged call : acknowledged) {
      for (int i = 0; i < call.runIds().size(); i++) {
        StoredRun run = byPlace.get(call.op() + "/" + i);
        if (run == null || !run.id.equals(call.runIds().get(i))) {
          findings.add(
              "acknowledged %s as item %d of %s, but stored is %s"
                  .formatted(call.runIds().get(i), i, call, run));
        }
      }
      if (byPlace.containsKey(call.op() + "/" + call.runIds().size())) {
        findings.add("more runs than acknowledged: " + call);
      }
    }
  }

  private void checkBatches() throws SQLException {
    try (Connection connection = cluster.database().connect();
        PreparedStatement statement =
            connection.prepareStatement(
                """
                select b.batch_id, b.status::text, b.open_runs, b.item_count,
                       count(r.run_id) as runs, b.completed_at < max(o.finished_at) as early,
                       array_agg(r.run_id order by r.batch_index)
                         = array_agg(r.run_id order by i.n, r.run_id) as same
                  from batches b
                  left join lateral unnest(b.first_ids, coalesce(b.last_ids, b.first_ids))
                       with ordinality as i (first_id, last_id, n) on true
                  left join runs r on r.environment_id = b.environment_id
                                  and r.run_id >= i.first_id
                                  and r.run_id <= i.last_id
                  left join outcomes o on o.environment_id = r.environment_id
                                      and o.run_id = r.run_id
                 where b.batch_id > ?
                 group by b.environment_id, b.batch_id
                 order by b.batch_id
                """)) {
      statement.setObject(1, lastBatch);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          lastBatch = rows.getObject("batch_id", UUID.class);
          int items = rows.getInt("item_count");
          if (!rows.getString("status").equals("COMPLETED")
              || rows.getInt("open_runs") != 0
              || rows.getInt("runs") != items
              || rows.getBoolean("early")
              || !rows.getBoolean("same")) {
            findings.add(
                "%s is %s with %d open runs, %d items, %d runs; %s, %s"
                    .formatted(
                        PublicId.format(PublicId.BATCH, lastBatch),
                        rows.getString("status"),
                        rows.getInt("open_runs"),
                        items,
                        rows.getInt("runs"),
                        rows.getBoolean("early") ? "completed before its last run" : "in time",
                        rows.getBoolean("same") ? "in order" : "not in order"));
          }
        }
      }
    }
  }

  /** What is left when all work has ended, and what the leases were meanwhile. */
  private void checkRest() throws SQLException {
    findings.addAll("leases", history.overlaps());
    findings.addAll("limit exceeded", history.limitsExceeded());
    findings.addAll("left behind", history.strings(OPEN));
    findings.addAll(
        "left behind",
        history.strings(
            """
            select 'expiry of ' || run_id
              from expiries
             where expires_at < now() - interval '10 seconds' -- it outlives a run that was claimed
            """));
    findings.addAll(
        "slots in use, although no run is",
        history.strings(
            """
            select q.name || ' ' || s.concurrency_key || ' ' || s.in_use
              from slots s
              join queues q on q.environment_id = s.environment_id and q.queue_id = s.queue_id
             where s.in_use <> 0
            """));
  }

  /** Checks what has to hold at the end, for all runs of the campaign that are kept. */
  void checkEnd(List<UUID> acknowledged) throws SQLException {
    UUID kept = idAt(Instant.now().minus(Cluster.RETENTION));
    findings.addAll(
        "an idempotency key of no run",
        history.strings(
            """
            select k.run_id::text
              from idempotency_keys k
              left join runs r on r.environment_id = k.environment_id and r.run_id = k.run_id
             where r.run_id is null
               and k.run_id > '%s'
            """
                .formatted(kept)));
    long lost =
        history.number(
            """
            select count(*)
              from unnest(?::uuid[]) as a (run_id)
              left join runs r on r.run_id = a.run_id
              left join outcomes o on o.run_id = a.run_id
             where (r.run_id is null or o.run_id is null)
               and a.run_id > '%s'
            """
                .formatted(kept),
            (Object) acknowledged.toArray(UUID[]::new));
    if (lost > 0) {
      findings.add(lost + " of " + acknowledged.size() + " acknowledged runs are gone");
    }
    checkDropped();
    try {
      Await.untilAsserted(
          Cluster.LEASE.plusSeconds(30),
          () -> {
            long sessions = history.number("select count(*) from sessions");
            if (sessions != Cluster.WORKERS) {
              throw new AssertionError(sessions + " sessions of " + Cluster.WORKERS + " workers");
            }
          });
    } catch (AssertionError e) {
      findings.add(e.getMessage());
    }
  }

  /** An outcome that is changed or deleted makes the statement fail, and is logged as an error. */
  static void forbidNewOutcomes(Cluster cluster) throws SQLException {
    try (Connection connection = cluster.database().connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          create function refuse_new_outcome() returns trigger language plpgsql as $$
          begin
            raise exception 'the outcome of % was changed', old.run_id;
          end
          $$;
          create trigger final_outcome before update or delete on outcomes
             for each row execute function refuse_new_outcome()
          """);
    }
  }

  /** What is older than the retention is gone, soon after. */
  private void checkDropped() {
    try {
      Await.untilAsserted(
          QUIET,
          () -> {
            UUID due = idAt(Instant.now().minus(Cluster.RETENTION).minusSeconds(60));
            long runs = history.number("select count(*) from runs where run_id < '" + due + "'");
            if (runs > 0) {
              throw new AssertionError(runs + " runs are older than the retention");
            }
          });
    } catch (AssertionError e) {
      findings.add(e.getMessage());
    }
  }

  /** The least id that is made at this time. */
  private static UUID idAt(Instant time) {
    return new UUID(time.toEpochMilli() << 16, 0);
  }
}
