package dev.fanfare.server;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/** Makes the same call from several threads that start together. */
public final class Concurrently {
  private Concurrently() {}

  /**
   * Calls {@code body} with 0, 1, … and waits for all calls.
   *
   * @return the results, in that order
   * @throws Failed if a call failed
   */
  public static <T> List<T> call(int threads, IntFunction<T> body) throws Failed {
    CyclicBarrier begin = new CyclicBarrier(threads);
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      List<Future<T>> calls = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int n = i;
        calls.add(
            executor.submit(() -> {
              begin.await();
              return body.apply(n);
            }));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> call : calls) {
        results.add(call.get());
      }
      return results;
    } catch (Exception e) {
      throw new Failed(e);
    }
  }

  /** One of the calls failed. */
  public static final class Failed extends RuntimeException {
    Failed(Exception cause) {
      super(cause);
    }
  }
}
