package dev.fanfare.bench.baseline;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Threads with one connection each, which together drain what a further connection stores. */
public final class BaselineWorkers implements AutoCloseable {
  private final List<Connection> connections = new ArrayList<>();
  private final List<BaselineQueue> queues = new ArrayList<>();
  private final ExecutorService threads;
  private final int claim;

  private BaselineWorkers(int size, int claim) {
    this.threads = Executors.newFixedThreadPool(size);
    this.claim = claim;
  }

  /** Opens a connection. */
  @FunctionalInterface
  public interface Connector {
    /** Opens a new connection. */
    Connection connect() throws SQLException;
  }

  /** Starts {@code size} threads that claim {@code claim} runs at a time. */
  public static BaselineWorkers start(Connector connector, int size, int claim)
      throws SQLException {
    BaselineWorkers workers = new BaselineWorkers(size, claim);
    for (int i = 0; i <= size; i++) {
      Connection connection = connector.connect();
      workers.connections.add(connection);
      workers.queues.add(new BaselineQueue(connection));
    }
    return workers;
  }

  /** Stores runs, and returns when all of them are finished. */
  public void run(List<String> payloads) throws Exception {
    queues.getFirst().storeReady(payloads);
    List<Future<Integer>> drains = new ArrayList<>();
    for (BaselineQueue queue : queues.subList(1, queues.size())) {
      Callable<Integer> drain = () -> queue.drain(claim);
      drains.add(threads.submit(drain));
    }
    try {
      for (Future<Integer> drain : drains) {
        drain.get();
      }
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  @Override
  public void close() throws SQLException {
    threads.close();
    for (Connection connection : connections) {
      connection.close();
    }
  }
}
