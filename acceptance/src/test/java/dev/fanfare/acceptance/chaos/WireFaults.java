package dev.fanfare.acceptance.chaos;

import dev.fanfare.acceptance.chaos.BrokenWire.Disturbance;
import dev.fanfare.acceptance.chaos.BrokenWire.Verdict;
import java.time.Duration;
import java.util.Set;

/** Faults of the network between clients, workers, servers and the database. */
final class WireFaults {
  /** A shorter piece is no request with a body worth cutting. */
  private static final int BODY = 300;

  /** How PostgreSQL says that a transaction is committed. */
  private static final String COMMITTED = "COMMIT\0";

  private static final long BLACK_HOLE_MAX = Cluster.LEASE.toMillis() + 2_000;

  private WireFaults() {}

  static Set<Integer> cutClientRequests(Cluster cluster, Draw draw) throws Exception {
    disturb(cluster.clientWire(draw.server()), draw, cuttingRequests(draw.split()));
    return Fault.NOBODY;
  }

  static Set<Integer> cutWorkerRequests(Cluster cluster, Draw draw) throws Exception {
    disturb(cluster.workerWire(draw.worker()), draw, cuttingRequests(draw.split()));
    return Fault.NOBODY;
  }

  static Set<Integer> loseClientAnswers(Cluster cluster, Draw draw) throws Exception {
    disturb(cluster.clientWire(draw.server()), draw, losingAnswers(draw.split()));
    return Fault.NOBODY;
  }

  static Set<Integer> loseWorkerAnswers(Cluster cluster, Draw draw) throws Exception {
    disturb(cluster.workerWire(draw.worker()), draw, losingAnswers(draw.split()));
    return Fault.NOBODY;
  }

  static Set<Integer> cutStatements(Cluster cluster, Draw draw) throws Exception {
    Draw pieces = draw.split();
    disturb(
        cluster.databaseWire(draw.server()),
        draw,
        (request, bytes) -> request && pieces.chance(0.02) ? Verdict.CUT_HALFWAY : Verdict.PASS);
    return Fault.NOBODY;
  }

  /** The database commits, and the server does not learn it. */
  static Set<Integer> loseCommits(Cluster cluster, Draw draw) throws Exception {
    Draw pieces = draw.split();
    disturb(
        cluster.databaseWire(draw.server()),
        draw,
        (request, bytes) ->
            !request && bytes.contains(COMMITTED) && pieces.chance(0.15)
                ? Verdict.CUT
                : Verdict.PASS);
    return Fault.NOBODY;
  }

  private static Disturbance cuttingRequests(Draw draw) {
    return (request, bytes) ->
        !request || bytes.length() < BODY || !draw.chance(0.25)
            ? Verdict.PASS
            : draw.chance(0.5) ? Verdict.CUT_HALFWAY : Verdict.END_HALFWAY;
  }

  private static Disturbance losingAnswers(Draw draw) {
    return (request, bytes) -> request || !draw.chance(0.3) ? Verdict.PASS : Verdict.CUT;
  }

  static Set<Integer> clientBlackHole(Cluster cluster, Draw draw) throws Exception {
    blackHole(cluster.clientWire(draw.server()), draw);
    return Fault.NOBODY;
  }

  static Set<Integer> workerBlackHole(Cluster cluster, Draw draw) throws Exception {
    int worker = draw.worker();
    Fault.Watch watch = new Fault.Watch();
    blackHole(cluster.workerWire(worker), draw);
    return watch.lost(Set.of(worker));
  }

  static Set<Integer> databaseBlackHole(Cluster cluster, Draw draw) throws Exception {
    int server = draw.server();
    Fault.Watch watch = new Fault.Watch();
    blackHole(cluster.databaseWire(server), draw);
    return watch.lost(Cluster.workersOf(server));
  }

  private static void blackHole(BrokenWire wire, Draw draw) throws InterruptedException {
    wire.hold();
    draw.pause(500, draw.chance(0.5) ? 3_000 : BLACK_HOLE_MAX);
    wire.release();
  }

  /** Until the worker notices, which may be later than the server, its session may lapse. */
  static Set<Integer> workerConnectionsDead(Cluster cluster, Draw draw) {
    int worker = draw.worker();
    cluster.workerWire(worker).abandon();
    return Set.of(worker);
  }

  /** Until the server notices, its workers may be away, while the other server sees them lapse. */
  static Set<Integer> databaseConnectionsDead(Cluster cluster, Draw draw) {
    int server = draw.server();
    cluster.databaseWire(server).abandon();
    return Cluster.workersOf(server);
  }

  static Set<Integer> slowClients(Cluster cluster, Draw draw) throws Exception {
    disturb(cluster.clientWire(draw.server()), draw, slow(draw.split(), 200));
    return Fault.NOBODY;
  }

  static Set<Integer> slowWorker(Cluster cluster, Draw draw) throws Exception {
    disturb(cluster.workerWire(draw.worker()), draw, slow(draw.split(), 200));
    return Fault.NOBODY;
  }

  /** A transaction has several round trips, so each must be quicker. */
  static Set<Integer> slowDatabase(Cluster cluster, Draw draw) throws Exception {
    disturb(cluster.databaseWire(draw.server()), draw, slow(draw.split(), 40));
    return Fault.NOBODY;
  }

  private static Disturbance slow(Draw draw, long millisMax) {
    return (request, bytes) -> {
      Draw.sleep(Duration.ofMillis(draw.millis(1, millisMax)));
      return Verdict.PASS;
    };
  }

  private static void disturb(BrokenWire wire, Draw draw, Disturbance disturbance)
      throws InterruptedException {
    wire.disturb(disturbance);
    draw.pause(1_000, 3_000);
    wire.settle();
  }
}
