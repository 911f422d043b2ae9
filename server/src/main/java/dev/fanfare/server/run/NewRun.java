package dev.fanfare.server.run;

import dev.fanfare.protocol.RunError;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A run that somebody asks for, checked and not stored yet.
 *
 * @param task the task's id
 * @param payload JSON text as it was sent; absent: none
 * @param payloadType absent: {@code application/json}
 * @param queue absent: the task's own
 * @param lockToVersion the version of the workers' code that alone may execute it; absent: any
 * @param concurrencyKey which part of the queue; empty for the whole
 * @param key makes the same trigger sent twice one run; absent: every trigger is a new run
 * @param debounce gathers triggers in one run that waits; absent: every trigger is a run
 * @param delayUntil absent: at once, or when {@code debounce} says
 * @param ttl how long it may be queued before it expires, zero: for ever; absent: what the task
 *     says
 * @param priorityMillis how much earlier than now it counts as queued
 * @param maxAttempts absent: what the task's policy says
 * @param maxDuration how long each attempt may run; absent: what the task says
 * @param tags without duplicates, sorted
 * @param metadata JSON text as it was sent; absent: none
 * @param options what acts elsewhere, as JSON text; absent: nothing
 * @param test whether it is marked as a test
 * @param parent the run that triggers it; absent: none does
 * @param failure absent in any ordinary trigger; else the run is stored as having failed with it,
 *     so that an item that cannot become a proper run still is one
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

  private static final Set<String> DATA_OPTIONS = Set.of("machine");

  /**
   * An idempotency key, unique for its task and environment.
   *
   * @param text as it was sent
   * @param ttl how long it is remembered
   */
  public record Key(String text, Duration ttl) {}

  /**
   * What gathers triggers: while a run with the key waits, a further trigger makes no run and lets
   * that one wait longer.
   *
   * @param key unique for its task and environment
   * @param delay how long after the last trigger the run is due
   * @param trailing whether the run takes the data of the newest trigger and not of the first
   * @param maxDelay how long after its creation a run can still be made to wait; absent: what the
   *     server allows
   */
  public record Debounce(
      String key, Duration delay, boolean trailing, @Nullable Duration maxDelay) {}

  /** A run of {@code task} and nothing more, yet. */
  public static NewRunBuilder of(String task) {
    return new NewRunBuilder(task);
  }

  /** The same run, to be changed. */
  public NewRunBuilder toBuilder() {
    return new NewRunBuilder(this);
  }

  /**
   * A run that could not become a proper one, and is stored as having failed with {@code error}.
   */
  public static NewRun failed(String task, RunError error) {
    return of(task).failure(error).build();
  }

  /** The same run under {@code other} unless it brings a key of its own. */
  public NewRun withDefaultKey(Key other) {
    return key != null ? this : toBuilder().key(other).build();
  }

  /** The same run with the data of a newer trigger; what that leaves out stays as it is. */
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

  /** The options of an older trigger with those of this one that belong to the data. */
  @Nullable String dataOptionsOver(@Nullable String older) {
    return StoredOptions.replaced(older, options, DATA_OPTIONS);
  }

  /** How much text it carries. */
  long chars() {
    return (payload == null ? 0L : payload.length()) + (metadata == null ? 0L : metadata.length());
  }
}
