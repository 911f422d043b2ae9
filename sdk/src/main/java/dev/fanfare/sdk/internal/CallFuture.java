package dev.fanfare.sdk.internal;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The future of a blocking call on a virtual thread. Canceling the future interrupts the call. */
public final class CallFuture<T extends @Nullable Object> extends CompletableFuture<T> {
  private final Thread thread;

  /** Starts the call. */
  public CallFuture(Supplier<T> call) {
    this.thread =
        Thread.ofVirtual()
            .name("fanfare-call")
            .start(() -> {
              try {
                complete(call.get());
              } catch (Throwable e) {
                completeExceptionally(e);
              }
            });
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean canceled = super.cancel(mayInterruptIfRunning);
    if (canceled) {
      thread.interrupt();
    }
    return canceled;
  }
}
