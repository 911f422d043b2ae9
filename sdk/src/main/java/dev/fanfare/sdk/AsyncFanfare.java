package dev.fanfare.sdk;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The operations of {@link Fanfare} as futures, each on a virtual thread. The method of the same
 * name there says what it does; what it throws completes the future exceptionally. Safe for use by
 * many threads.
 */
public final class AsyncFanfare {
  private static final Executor VIRTUAL = task -> Thread.ofVirtual().start(task);

  private final Fanfare fanfare;

  AsyncFanfare(Fanfare fanfare) {
    this.fanfare = fanfare;
  }

  private static <T> CompletableFuture<T> future(Supplier<T> call) {
    return CompletableFuture.supplyAsync(call, VIRTUAL);
  }

  /** See {@link Fanfare#trigger(TaskReference, Object)}. */
  public <I> CompletableFuture<RunHandle> trigger(TaskReference<I> task, I payload) {
    return future(() -> fanfare.trigger(task, payload));
  }

  /** See {@link Fanfare#trigger(TaskReference, Object, TriggerOptions)}. */
  public <I> CompletableFuture<RunHandle> trigger(
      TaskReference<I> task, I payload, TriggerOptions options) {
    return future(() -> fanfare.trigger(task, payload, options));
  }

  /** See {@link Fanfare#trigger(String, Object, TriggerOptions)}. */
  public CompletableFuture<RunHandle> trigger(
      String taskId, @Nullable Object payload, TriggerOptions options) {
    return future(() -> fanfare.trigger(taskId, payload, options));
  }

  /** See {@link Fanfare#batchTrigger(TaskReference, List)}. */
  public <I> CompletableFuture<BatchHandle> batchTrigger(
      TaskReference<I> task, List<? extends I> payloads) {
    return future(() -> fanfare.batchTrigger(task, payloads));
  }

  /** See {@link Fanfare#batchTrigger(TaskReference, List, Function, BatchOptions)}. */
  public <I> CompletableFuture<BatchHandle> batchTrigger(
      TaskReference<I> task,
      List<? extends I> payloads,
      Function<? super I, TriggerOptions> options,
      BatchOptions batch) {
    return future(() -> fanfare.batchTrigger(task, payloads, options, batch));
  }

  /** See {@link Fanfare#batchTrigger(List, BatchOptions)}. */
  public CompletableFuture<BatchHandle> batchTrigger(List<BatchItem> items, BatchOptions batch) {
    return future(() -> fanfare.batchTrigger(items, batch));
  }

  /** See {@link Fanfare#retrieveRun}. */
  public CompletableFuture<Run> retrieveRun(String runId) {
    return future(() -> fanfare.retrieveRun(runId));
  }

  /** See {@link Fanfare#awaitRun}. */
  public CompletableFuture<Run> awaitRun(String runId, Duration timeout) {
    return future(() -> fanfare.awaitRun(runId, timeout));
  }

  /** See {@link Fanfare#retrieveBatch}. */
  public CompletableFuture<Batch> retrieveBatch(String batchId) {
    return future(() -> fanfare.retrieveBatch(batchId));
  }

  /** See {@link Fanfare#awaitBatch}. */
  public CompletableFuture<Batch> awaitBatch(String batchId, Duration timeout) {
    return future(() -> fanfare.awaitBatch(batchId, timeout));
  }
}
