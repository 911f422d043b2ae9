package dev.fanfare.server.run;

import dev.fanfare.protocol.RunError;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A run that somebody asks for, checked and not stored yet.
 *
 * @param task the task's id
 * @param payload JSON text as it was sent; absent: none
 * @param payloadType absent: {@code application/json}
 * @param queue absent: the task's own
 * @param concurrencyKey which part of the queue; empty for the whole
 * @param key makes the same trigger sent twice one run; absent: every trigger is a new run
 * @param delayUntil absent: at once
 * @param ttl how long it may be queued before it expires; absent: for ever
 * @param priorityMillis how much earlier than now it counts as queued
 * @param maxAttempts absent: what the task's policy says
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
    String concurrencyKey,
    @Nullable Key key,
    @Nullable Instant delayUntil,
    @Nullable Duration ttl,
    long priorityMillis,
    @Nullable Integer maxAttempts,
    List<String> tags,
    @Nullable String metadata,
    @Nullable String options,
    boolean test,
    @Nullable NamedParent parent,
    @Nullable RunError failure) {

  /**
   * An idempotency key, unique for its task and environment.
   *
   * @param text as it was sent
   * @param ttl how long it is remembered
   */
  public record Key(String text, Duration ttl) {}

  /**
   * A run that could not become a proper one, and is stored as having failed with {@code error}.
   */
  public static NewRun failed(String task, RunError error) {
    return new NewRun(
        task, null, null, null, "", null, null, null, 0, null, List.of(), null, null, false, null,
        error);
  }

  /** The same run under {@code other} unless it brings a key of its own. */
  public NewRun withDefaultKey(Key other) {
    return key != null ? this : withKey(other);
  }

  /** The same run under {@code other}. */
  public NewRun withKey(Key other) {
    return new NewRun(
        task,
        payload,
        payloadType,
        queue,
        concurrencyKey,
        other,
        delayUntil,
        ttl,
        priorityMillis,
        maxAttempts,
        tags,
        metadata,
        options,
        test,
        parent,
        failure);
  }

  /** The same run as a child of {@code other}, or of none. */
  public NewRun withParent(@Nullable NamedParent other) {
    return new NewRun(
        task,
        payload,
        payloadType,
        queue,
        concurrencyKey,
        key,
        delayUntil,
        ttl,
        priorityMillis,
        maxAttempts,
        tags,
        metadata,
        options,
        test,
        other,
        failure);
  }
}
