package dev.fanfare.bench.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes calls from several threads; each thread makes its next call when the last one returns. */
public final class Callers {
  private Callers() {}

  /** One call; {@code caller} is the number of the calling thread, from 0. */
  @FunctionalInterface
  public interface Call {
    /** Makes the call. */
    void call(int caller) throws Exception;
  }

  /** Makes {@code count} calls in total. All threads have started before the timing begins. */
  public static Timings run(int callers, int count, Call call) throws Exception {
    long[] nanos = new long[count];
    AtomicInteger next = new AtomicInteger();
    CountDownLatch up = new CountDownLatch(callers);
    CountDownLatch go = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newFixedThreadPool(callers)) {
      List<Future<?>> done = new ArrayList<>();
      for (int c = 0; c < callers; c++) {
        int caller = c;
        Callable<Void> loop =
            () -> {
              up.countDown();
              go.await();
              for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                long begun = System.nanoTime();
                call.call(caller);
                nanos[i] = System.nanoTime() - begun;
              }
              return null;
            };
        done.add(threads.submit(loop));
      }
      up.await();
      long begun = System.nanoTime();
      go.countDown();
      for (Future<?> future : done) {
        await(future);
      }
      return new Timings(System.nanoTime() - begun, nanos);
    }
  }

  private static void await(Future<?> future) throws Exception {
    try {
      future.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }
}
