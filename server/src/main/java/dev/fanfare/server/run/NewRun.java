package dev.fanfare.server.run;

import dev.fanfare.protocol.RunError;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A validated request for a run that is not stored yet.
 *
 * @param task the task's id
 * @param payload JSON text as it was sent; absent: none
 * @param payloadType absent: {@code application/json}
 * @param queue absent: the task's own
 * @param lockToVersion the only version of the workers' code that may execute it; absent: any
 * @param concurrencyKey empty: none
 * @param key the idempotency key; absent: every trigger creates a run
 * @param debounce absent: every trigger creates a run
 * @param delayUntil absent: no delay, unless {@code debounce} sets one
 * @param ttl how long it may be queued before it expires; zero: without limit; absent: the task's
 *     time to live
 * @param priorityMillis by how much its rank precedes the time of the trigger
 * @param maxAttempts absent: the task's retry policy decides
 * @param maxDuration how long each attempt may run; absent: the task's max duration
 * @param tags without duplicates, sorted
 * @param metadata JSON text as it was sent; absent: none
 * @param options the options without a column of their own, as JSON text; absent: none
 * @param test whether it is marked as a test
 * @param parent the run that triggers it; absent: none
 * @param failure the error of an item that cannot be executed: its run is stored as failed; absent
 *     for every other run
 */
public record NewRun(
    String task,
    @Nullable String payload,
    @Nullable String payloadType,
    @Nullable String queue,
    @Nullable String lockToVersion,
    String concurrencyKey,
    @Nullable Key key,
    @Nullable Debounce debounce,
    @Nullable Instant delayUntil,
    @Nullable Duration ttl,
    long priorityMillis,
    @Nullable Integer maxAttempts,
    @Nullable Duration maxDuration,
    List<String> tags,
    @Nullable String metadata,
    @Nullable String options,
    boolean test,
    @Nullable NamedParent parent,
    @Nullable RunError failure) {

  /** Options that a trailing debounce takes from the newest trigger. */
  private static final Set<String> DATA_OPTIONS = Set.of("machine");

  /**
   * An idempotency key, unique for its task and environment.
   *
   * @param text as it was sent
   * @param ttl how long after the trigger it expires
   */
  public record Key(String text, Duration ttl) {}

  /**
   * Coalesces triggers: while a run with the same key is delayed, a trigger postpones that run
   * instead of creating one.
   *
   * @param key unique for its task and environment
   * @param delay how long after the last trigger the run is due
   * @param trailing whether the run takes the data of the newest trigger; else of the first
   * @param maxDelay the longest delay, counted from the run's creation; absent: the server's limit
   */
  public record Debounce(
      String key, Duration delay, boolean trailing, @Nullable Duration maxDelay) {}

  /** A builder for a run of {@code task} without options. */
  public static NewRunBuilder of(String task) {
    return new NewRunBuilder(task);
  }

  /** A builder that starts from this run. */
  public NewRunBuilder toBuilder() {
    return new NewRunBuilder(this);
  }

  /** A run that is stored as failed, for an item that cannot be executed. */
  public static NewRun failed(String task, RunError error) {
    return of(task).failure(error).build();
  }

  /**
   * This run, stored as failed. It keeps its data, so that a replay repeats it, but neither its
   * keys, which a run that does not execute must not hold, nor its lock to a version.
   */
  public NewRun asFailed(RunError error) {
    return toBuilder()
        .lockToVersion(null)
        .key(null)
        .debounce(null)
        .delayUntil(null)
        .failure(error)
        .build();
  }

  /** This run; with {@code defaultKey} if it has no key of its own. */
  public NewRun withDefaultKey(Key defaultKey) {
    return key != null ? this : toBuilder().key(defaultKey).build();
  }

  /** This run with the data of a newer trigger; what the newer trigger leaves out stays. */
  public NewRun withDataOf(NewRun newer) {
    return toBuilder()
        .payload(newer.payload != null ? newer.payload : payload)
        .payloadType(newer.payload != null ? newer.payloadType : payloadType)
        .maxAttempts(newer.maxAttempts != null ? newer.maxAttempts : maxAttempts)
        .maxDuration(newer.maxDuration != null ? newer.maxDuration : maxDuration)
        .tags(newer.tags.isEmpty() ? tags : newer.tags)
        .metadata(newer.metadata != null ? newer.metadata : metadata)
        .options(newer.dataOptionsOver(options))
        .build();
  }

  /** The options of an older trigger, with this run's values of {@link #DATA_OPTIONS}. */
  @Nullable String dataOptionsOver(@Nullable String older) {
    return StoredOptions.replaced(older, options, DATA_OPTIONS);
  }

  /** The number of characters in payload and metadata. */
  public long chars() {
    return (payload == null ? 0L : payload.length()) + (metadata == null ? 0L : metadata.length());
  }
}
