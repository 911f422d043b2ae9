package dev.fanfare.acceptance.chaos;

import dev.fanfare.acceptance.chaos.Caller.Call;
import dev.fanfare.acceptance.chaos.Caller.Unacknowledged;
import dev.fanfare.acceptance.chaos.ChaosWorker.Work;
import dev.fanfare.acceptance.chaos.Executions.Execution;
import dev.fanfare.acceptance.chaos.Load.Acknowledged;
import dev.fanfare.protocol.PublicId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/**
 * A series of faults in a {@link Cluster} under {@link Load}. After each fault is healed, the
 * clients pause, all work ends, and the {@link Invariants} are checked. A seed determines the
 * faults, their victims and their durations, though not what the processes do at that moment.
 */
final class Campaign implements AutoCloseable {
  /** Far above what a server with a heap of 256 MB needs. */
  private static final long MEMORY_MAX = 900;

  private static final long THREADS_MAX = 300;

  /** If a server does not work again after this time, evidence is needed. */
  private static final Duration SUCCESS_MAX = Duration.ofSeconds(15);

  /** Batches that are read after each fault. */
  private static final int READS = 3;

  private final Cluster cluster;
  private final LeaseHistory history;
  private final Findings findings = new Findings();
  private final Invariants invariants;
  private final Executions executions;
  private final Logs logs;
  private final Caller caller;
  private final Load load;
  private final CampaignReport report;
  private final SplittableRandom random;
  private final List<UUID> acknowledged = new ArrayList<>();
  private final Set<Integer> lost = new HashSet<>();
  private boolean claimsUndone;

  private Campaign(Cluster cluster, Path folder, SplittableRandom random) throws Exception {
    this.cluster = cluster;
    this.random = random;
    this.history = LeaseHistory.install(cluster.database()::connect);
    Invariants.forbidNewOutcomes(cluster);
    this.invariants = new Invariants(cluster, history, findings);
    this.executions = new Executions(cluster);
    this.logs = new Logs(folder, findings);
    this.caller = new Caller(cluster.urls(), findings);
    this.report = new CampaignReport(folder, cluster, history);
    cluster.awaitWorkers(history);
    this.load = Load.start(cluster, caller, findings, random.split());
  }

  /**
   * Starts the processes and the clients.
   *
   * @param folder where logs and evidence are written
   * @param home an empty folder for the database
   */
  static Campaign start(Path folder, Path home, long seed) throws Exception {
    return new Campaign(Cluster.start(folder, home), folder, new SplittableRandom(seed));
  }

  /**
   * Deals faults as from a pack of cards: each kind once, then all again.
   *
   * @return what was found
   */
  CampaignReport run(int faults, Set<FaultKind> kinds) throws Exception {
    List<FaultKind> pack = new ArrayList<>();
    for (int number = 1; number <= faults; number++) {
      if (pack.isEmpty()) {
        pack.addAll(kinds);
        Collections.sort(pack);
        Collections.shuffle(pack, new Random(random.nextLong()));
      }
      fault(number, faults, pack.removeLast());
    }
    invariants.checkEnd(acknowledged);
    report.end(findings.take());
    return report;
  }

  private void fault(int number, int faults, FaultKind kind) throws Exception {
    Draw draw = new Draw(random.split());
    Draw.sleep(Duration.ofMillis(draw.millis(200, 600)));
    claimsUndone |= kind.undoesClaims();
    long struck = System.nanoTime();
    try {
      lost.addAll(kind.strike(cluster, draw));
    } catch (Fault.Impossible e) {
      report.skipped(number, faults, kind, e.getMessage());
      return;
    } catch (Exception | AssertionError e) {
      findings.add("the fault could not be applied: " + e);
    }
    Duration fault = since(struck);
    Duration success = caller.firstSuccess(probe(number));
    if (success.compareTo(SUCCESS_MAX) > 0) {
      cluster.dumpThreads("fault-%03d".formatted(number));
    }
    findings.addAll("a process ended by itself", cluster.deaths());
    cluster.repair();
    long begun = System.nanoTime();
    load.pause();
    try {
      boolean quiet = invariants.awaitQuiet();
      Duration rest = since(begun);
      long checking = System.nanoTime();
      Map<String, List<Execution>> done = executions.next();
      long losses = history.losses();
      check(done);
      List<String> found = findings.take();
      report.healed(
          new CampaignReport.Entry(
              number, kind, draw.toString(), fault, success, rest, since(checking), losses, found),
          faults,
          invariants.runs(),
          done);
      if (quiet) {
        history.forget();
        lost.clear();
        claimsUndone = false;
      }
    } finally {
      load.resume();
    }
  }

  private static Duration since(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos);
  }

  private void check(Map<String, List<Execution>> done) throws Exception {
    List<Acknowledged> calls = load.take();
    invariants.check(calls, done, lost, claimsUndone ? history.claims() : null);
    for (Acknowledged call : calls) {
      for (String run : call.runIds()) {
        UUID id = PublicId.parse(PublicId.RUN, run);
        if (id != null) {
          acknowledged.add(id);
        }
      }
    }
    checkReads(calls);
    logs.check();
    checkSize();
  }

  /** What the clients of the API see of some batches. */
  private void checkReads(List<Acknowledged> calls) throws Exception {
    Draw draw = new Draw(random.split());
    for (Acknowledged call :
        calls.stream().filter(c -> c.batchId() != null).limit(READS).toList()) {
      try {
        JsonNode batch = caller.send(Call.get("/api/v2/batches/" + call.batchId()), draw);
        JsonNode results =
            caller.send(Call.get("/api/v1/batches/" + call.batchId() + "/results"), draw);
        if (!batch.path("status").asString().equals("COMPLETED")
            || batch.path("runCount").asInt() != call.runIds().size()
            || results.path("items").size() != call.runIds().size()) {
          findings.add("%s is read as %s with %s".formatted(call, batch, results));
        }
      } catch (Unacknowledged e) {
        return; // a finding says so
      }
    }
  }

  private void checkSize() throws IOException {
    for (long threads : cluster.threads()) {
      if (threads > THREADS_MAX) {
        findings.add("a server has " + threads + " threads");
      }
    }
    for (long memory : cluster.memory()) {
      if (memory > MEMORY_MAX) {
        findings.add("a server takes " + memory + " MiB of memory");
      }
    }
  }

  /** However often it is sent, it is one run. */
  private static Call probe(int number) {
    String op = "q" + number;
    return Call.post(
        "/api/v1/tasks/" + ChaosWorker.WORK + "/trigger",
        op,
        Map.of("payload", new Work(op, 0, 1, 0), "options", Map.of("idempotencyKey", op)));
  }

  @Override
  public void close() throws Exception {
    load.close();
    caller.close();
    cluster.close();
  }
}
