package dev.fanfare.bench.peer;

import dev.fanfare.bench.measure.Callers;
import dev.fanfare.bench.measure.Timings;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** A peer whose producer and worker are child processes. */
final class ProcessPeer implements Peer, AutoCloseable {
  private static final int FILLING_CALLERS = 4;
  private static final int IN_FLIGHT = 100;
  private static final Duration GAP = Duration.ofMillis(20);

  private final PeerDefinition definition;
  private final PeerDatabase database;
  private final PeerProcess producer;
  private final PeerProcess worker;

  private ProcessPeer(
      PeerDefinition definition, PeerDatabase database, PeerProcess producer, PeerProcess worker) {
    this.definition = definition;
    this.database = database;
    this.producer = producer;
    this.worker = worker;
  }

  /** Creates the database and starts the processes, which end with this one if this fails. */
  static ProcessPeer start(PeerDefinition definition, PeerServer server)
      throws IOException, SQLException {
    PeerDatabase database = PeerDatabase.create(definition, server);
    PeerProcess producer = PeerProcess.start(definition, database.environment());
    PeerProcess worker = PeerProcess.start(definition, database.environment());
    return new ProcessPeer(definition, database, producer, worker);
  }

  @Override
  public String name() {
    return definition.name();
  }

  String version() {
    return worker.version();
  }

  @Override
  public int jobs(int runs) {
    return definition.part(runs / BATCH) * BATCH;
  }

  @Override
  public Timings ingest(int callers, int batches) throws IOException, SQLException {
    database.clear();
    return producer.store(callers, definition.part(batches), BATCH);
  }

  @Override
  public double drain(int jobs, int inFlight) throws Exception {
    database.clear();
    producer.store(FILLING_CALLERS, jobs / BATCH, BATCH);
    long begun = System.nanoTime();
    worker.start(inFlight);
    awaitCompleted(jobs);
    double perSecond = jobs * 1e9 / (System.nanoTime() - begun);
    worker.stop();
    return perSecond;
  }

  @Override
  public Timings latency(int triggers) throws Exception {
    database.clear();
    worker.start(IN_FLIGHT);
    Thread.sleep(500); // wait until the worker is up and the system is idle
    triggering().trigger(triggers, GAP);
    worker.awaitHandled(triggers);
    long[] nanos = worker.latencies();
    worker.stop();
    return new Timings(0, nanos);
  }

  @Override
  public Timings fanOut(int times) throws Exception {
    database.clear();
    worker.start(IN_FLIGHT);
    AtomicInteger stored = new AtomicInteger();
    Timings timings =
        Callers.run(
            1,
            definition.part(times),
            caller -> {
              triggering().store(1, 1, BATCH);
              awaitCompleted(stored.addAndGet(BATCH));
            });
    worker.stop();
    return timings;
  }

  private PeerProcess triggering() {
    return definition.embedded() ? worker : producer;
  }

  /** The database is watched only at the end: the query may have to read all completed jobs. */
  private void awaitCompleted(int count) throws Exception {
    worker.awaitHandled(count);
    database.awaitCompleted();
  }

  @Override
  public void close() throws SQLException {
    producer.close();
    worker.close();
    database.close();
  }
}
