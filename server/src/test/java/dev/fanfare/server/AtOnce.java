package dev.fanfare.server;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/** The same call by many threads that begin together. */
public final class AtOnce {
  private AtOnce() {}

  /** Calls with 0, 1, … and returns the results in that order; fails when any call fails. */
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
