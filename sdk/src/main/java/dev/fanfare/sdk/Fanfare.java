package dev.fanfare.sdk;

import dev.fanfare.sdk.internal.Api;
import dev.fanfare.sdk.internal.Bodies;
import dev.fanfare.sdk.internal.CallFuture;
import dev.fanfare.sdk.internal.Polling;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * A client of one environment: triggers runs and batches, reads them, waits for them.
 *
 * {@snippet :
 * Fanfare fanfare = Fanfare.builder().url("http://127.0.0.1:3030").secretKey(key).build();
 * BatchHandle batch = fanfare.batchTrigger(sendEmail, emails);
 * }
 *
 * <p>Every method blocks until the server answered; {@link #async} makes a future of any of them.
 * Lost connections, 429 and 5xx are tried again, and a call that is tried again never triggers
 * twice: all tries carry the same mark, by which the server knows them. What does not succeed ends
 * in a {@link FanfareException}. Safe for use by many threads; one for the whole application is
 * enough.
 */
public final class Fanfare {
  private final Api api;
  private final @Nullable String parentRunId;

  Fanfare(Api api, @Nullable String parentRunId) {
    this.api = api;
    this.parentRunId = parentRunId;
  }

  /** Begins a client. */
  public static FanfareBuilder builder() {
    return new FanfareBuilder();
  }

  /**
   * A client configured by the environment: {@code FANFARE_URL} and {@code FANFARE_SECRET_KEY}, or
   * else {@code TRIGGER_API_URL} and {@code TRIGGER_SECRET_KEY}.
   *
   * @throws IllegalStateException when no key is set
   */
  public static Fanfare fromEnvironment() {
    return FanfareBuilder.fromEnvironment().build();
  }

  /**
   * Any of the calls below as a future, on a virtual thread of its own:
   *
   * {@snippet :
   * CompletableFuture<BatchHandle> batch = fanfare.async(f -> f.batchTrigger(sendEmail, emails));
   * }
   *
   * <p>What the call throws completes the future. Canceling the future interrupts the call; whether
   * the server has acted by then is unknown.
   */
  public <T extends @Nullable Object> CompletableFuture<T> async(
      Function<? super Fanfare, T> call) {
    return new CallFuture<>(() -> call.apply(this));
  }

  /**
   * The same client for what a run triggers: the runs and batches that it triggers are children of
   * that run. They show it as their parent, and are canceled when it is canceled. A run that is
   * final may have children, too; one that this environment does not have is ignored.
   *
   * <p>A handler has this client already: {@link RunContext#fanfare()}.
   *
   * @param runId the parent, {@code run_…}
   */
  public Fanfare within(String runId) {
    return new Fanfare(api, runId);
  }

  /** Triggers one run, in one round trip. */
  public <I> RunHandle trigger(TaskReference<I> task, I payload) {
    return trigger(task.id(), payload, TriggerOptions.options());
  }

  /** Triggers one run with options. */
  public <I> RunHandle trigger(TaskReference<I> task, I payload, TriggerOptions options) {
    return trigger(task.id(), payload, options);
  }

  /** Triggers one run of a task known by its id alone. */
  public RunHandle trigger(String taskId, @Nullable Object payload) {
    return trigger(taskId, payload, TriggerOptions.options());
  }

  /** Triggers one run of a task known by its id alone, with options. */
  public RunHandle trigger(String taskId, @Nullable Object payload, TriggerOptions options) {
    return api.trigger(taskId, new Bodies.Item(null, payload, options.wire()), parentRunId);
  }

  /** Triggers a batch of one task: 1 to 1,000 runs, all or none, in one round trip. */
  public <I> BatchHandle batchTrigger(TaskReference<I> task, List<? extends I> payloads) {
    return batchTrigger(task.id(), payloads);
  }

  /** Triggers a batch of one task, each item with its own options, in one round trip. */
  public <I> BatchHandle batchTrigger(
      TaskReference<I> task,
      List<? extends I> payloads,
      Function<? super I, TriggerOptions> options) {
    return batchTrigger(task, payloads, options, BatchOptions.none());
  }

  /** Triggers a batch of one task with options of items and batch, in one round trip. */
  public <I> BatchHandle batchTrigger(
      TaskReference<I> task,
      List<? extends I> payloads,
      Function<? super I, TriggerOptions> options,
      BatchOptions batch) {
    return batchTrigger(task.id(), payloads, options, batch);
  }

  /** Triggers a batch of a task known by its id alone. */
  public BatchHandle batchTrigger(String taskId, List<?> payloads) {
    return batchTrigger(taskId, payloads, payload -> TriggerOptions.options(), BatchOptions.none());
  }

  /** Triggers a batch of a task known by its id alone, with options of items and batch. */
  public <I> BatchHandle batchTrigger(
      String taskId,
      List<? extends I> payloads,
      Function<? super I, TriggerOptions> options,
      BatchOptions batch) {
    List<Bodies.Item> items = new ArrayList<>(payloads.size());
    for (I payload : payloads) {
      items.add(new Bodies.Item(null, payload, options.apply(payload).wire()));
    }
    return api.batch(taskId, items, batch.headers(), parentRunId);
  }

  /** Triggers a batch of several tasks: 1 to 1,000 runs, all or none, in one round trip. */
  public BatchHandle batchTrigger(List<BatchItem> items) {
    return batchTrigger(items, BatchOptions.none());
  }

  /** Triggers a batch of several tasks with options of the batch, in one round trip. */
  public BatchHandle batchTrigger(List<BatchItem> items, BatchOptions batch) {
    return api.batch(
        null,
        items.stream().map(item -> Bodies.Item.of(item, item.options().wire())).toList(),
        batch.headers(),
        parentRunId);
  }

  /**
   * Reads a run.
   *
   * @throws ApiException.NotFound when this environment has no such run
   */
  public Run retrieveRun(String runId) {
    return api.run(runId);
  }

  /**
   * Waits until a run is final, asking again and again: at first every few milliseconds, later once
   * a second.
   *
   * @return the run; not final when {@code timeout} was over first
   */
  public Run awaitRun(String runId, Duration timeout) {
    return Polling.until(() -> retrieveRun(runId), Run::isCompleted, timeout);
  }

  /**
   * Cancels a run. One that waits ends at once; one that a worker executes is shown as {@code
   * CANCELED} at once, its handler is interrupted, and it is finished when the worker has confirmed
   * that. What it triggered is canceled with it. A final run stays as it is. Calling it again is
   * safe and changes nothing.
   *
   * @throws ApiException.NotFound when this environment has no such run
   */
  public void cancelRun(String runId) {
    api.cancel(runId);
  }

  /**
   * Triggers the same as a run again: its task, payload, metadata, tags, test mark, queue,
   * concurrency key, machine, region and longest duration, in whatever state it is. Not its
   * idempotency key, delay, time to live, priority, attempts, parent, nor the version it is locked
   * to. Each call makes another run, unless the changes bring an idempotency key.
   *
   * @return the id of the new run
   * @throws ApiException.NotFound when this environment has no such run
   */
  public String replayRun(String runId) {
    return replayRun(runId, TriggerOptions.options());
  }

  /**
   * Triggers the same as a run again, but for what the changes say.
   *
   * @return the id of the new run, or by an idempotency key among the changes of an older one
   * @throws IllegalArgumentException when the changes hold the test mark, which is always repeated,
   *     or an idempotency key with a scope
   * @throws ApiException.NotFound when this environment has no such run
   * @throws ApiException.Refused when the changes break a rule; no run was made
   */
  public String replayRun(String runId, TriggerOptions changes) {
    return api.replay(runId, changes.replayWire());
  }

  /**
   * Lets a run that waits for its time wait so long from now, rounded up to seconds, instead.
   * Calling it again is safe and counts anew.
   *
   * @return the run as it stands then
   * @throws ApiException.NotFound when this environment has no such run
   * @throws ApiException.Refused when the run is not {@code DELAYED} (any more)
   */
  public Run rescheduleRun(String runId, Duration delay) {
    return api.reschedule(runId, TriggerOptions.seconds(delay));
  }

  /**
   * Lets a run that waits for its time wait until {@code time} instead; one in the past queues it.
   * Calling it again is safe, but is refused when the run was queued meanwhile.
   *
   * @return the run as it stands then
   * @throws ApiException.NotFound when this environment has no such run
   * @throws ApiException.Refused when the run is not {@code DELAYED} (any more)
   */
  public Run rescheduleRun(String runId, Instant time) {
    return api.reschedule(runId, time.toString());
  }

  /**
   * Adds tags to a run, all or none; those that it has already are left out. Calling it again is
   * safe.
   *
   * @throws ApiException.NotFound when this environment has no such run
   * @throws ApiException.Refused when a tag is longer than 128 characters, or the run would have
   *     more than 10
   */
  public void addTags(String runId, String... tags) {
    api.addTags(runId, List.of(tags));
  }

  /**
   * The metadata of a run; {@code {}} when it has none, or none that is an object.
   *
   * @throws ApiException.NotFound when this environment has no such run
   */
  public RawJson retrieveMetadata(String runId) {
    return api.metadata(runId);
  }

  /**
   * Replaces the metadata of a run, until an hour after its end. Calling it again is safe.
   *
   * @param metadata encoded as a JSON object of at most 256 KiB
   * @return the metadata as it is then
   * @throws ApiException.NotFound when this environment has no such run
   * @throws ApiException.Refused when it is no object, too long, or the run ended long ago; nothing
   *     was changed
   */
  public RawJson replaceMetadata(String runId, Object metadata) {
    return api.changeMetadata(runId, Map.of("metadata", metadata), true);
  }

  /**
   * Changes the metadata of a run, until an hour after its end: all changes or none. An update that
   * appends or increments is sent once only, so a lost connection ends in a {@link
   * ConnectionException} and leaves open whether it was made; calling again could make it twice.
   * Any other update is sent again when that can help, and calling again is safe.
   *
   * @return the metadata as it is then
   * @throws ApiException.NotFound when this environment has no such run
   * @throws ApiException.Refused when a change cannot be made, the metadata would be too long, or
   *     the run ended long ago; nothing was changed
   */
  public RawJson updateMetadata(String runId, MetadataUpdate update) {
    return api.changeMetadata(
        runId, Map.of("operations", update.operations()), update.isRepeatable());
  }

  /**
   * Frees an idempotency key, so that the next trigger of the task with it makes a new run. Calling
   * it again is safe.
   *
   * @param key as it was sent: of an {@link IdempotencyKey} its {@link IdempotencyKey#text()}
   * @throws ApiException.NotFound when no run of the task has the key, which is also so when an
   *     earlier call freed it and its answer was lost
   */
  public void resetIdempotencyKey(String taskId, String key) {
    api.resetKey(taskId, key);
  }

  /**
   * The payload of a run, decoded; {@code null} when it has none. One round trip when it is kept as
   * a packet, else none.
   *
   * @throws ApiException.Unauthorized when the run was read too long ago to fetch its packet
   * @throws ApiException.NotFound when there is no such packet
   */
  public <I> @Nullable I payload(Run run, Class<I> type) {
    return decode(run.payload(), run.payloadPresignedUrl(), type);
  }

  /**
   * The output of a run, decoded; {@code null} when it has none. One round trip when it is kept as
   * a packet, else none.
   *
   * @throws ApiException.Unauthorized when the run was read too long ago to fetch its packet
   * @throws ApiException.NotFound when there is no such packet
   */
  public <O> @Nullable O output(Run run, Class<O> type) {
    return decode(run.output(), run.outputPresignedUrl(), type);
  }

  private <T> @Nullable T decode(
      @Nullable RawJson here, @Nullable String presignedUrl, Class<T> type) {
    RawJson json = here == null && presignedUrl != null ? api.packetAt(presignedUrl) : here;
    return json == null ? null : decode(json, type);
  }

  /**
   * Decodes JSON that was read, such as {@link Run#payload()}; {@code null} for the JSON null.
   *
   * @throws IllegalArgumentException when it does not fit {@code type}
   */
  public <T> @Nullable T decode(RawJson json, Class<T> type) {
    try {
      return api.codec().read(json.text(), api.codec().<T>target(type));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "The JSON does not fit " + type.getName() + ": " + e.getOriginalMessage(), e);
    }
  }

  /**
   * The runs that pass a filter, the newest first. Pages are fetched as the stream is read, one
   * round trip each.
   */
  public Stream<Run> listRuns(RunFilter filter) {
    return Stream.iterate(
            Optional.of(runPage(filter, null)),
            Optional::isPresent,
            page -> page.map(RunPage::next).map(next -> runPage(filter, next)))
        .flatMap(page -> page.orElseThrow().runs().stream());
  }

  /**
   * One page of the runs that pass a filter, the newest first.
   *
   * @param after {@link RunPage#next()} of the page before; {@code null}: the first page
   */
  public RunPage runPage(RunFilter filter, @Nullable String after) {
    return api.runs(filter.parameters(after));
  }

  /**
   * Reads a batch.
   *
   * @throws ApiException.NotFound when this environment has no such batch
   */
  public Batch retrieveBatch(String batchId) {
    return api.batch(batchId);
  }

  /**
   * Waits until every run of a batch is final, asking again and again: at first every few
   * milliseconds, later once a second.
   *
   * @return the batch; not completed when {@code timeout} was over first
   */
  public Batch awaitBatch(String batchId, Duration timeout) {
    return Polling.until(() -> retrieveBatch(batchId), Batch::isCompleted, timeout);
  }

  /**
   * How the runs of a batch ended, in item order, in one round trip, and two more for each output
   * that is kept as a packet. Runs that are not final yet are left out.
   *
   * @throws ApiException.NotFound when this environment has no such batch
   */
  public List<RunResult> batchResults(String batchId) {
    return api.results(batchId);
  }

  Api api() {
    return api;
  }
}
