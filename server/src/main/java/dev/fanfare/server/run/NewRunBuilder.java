package dev.fanfare.server.run;

import dev.fanfare.protocol.RunError;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds a {@link NewRun}; every value that is not set is absent. Not thread-safe. */
public final class NewRunBuilder {
  private final String task;
  private @Nullable String payload;
  private @Nullable String payloadType;
  private @Nullable String queue;
  private @Nullable String lockToVersion;
  private String concurrencyKey = "";
  private NewRun.@Nullable Key key;
  private NewRun.@Nullable Debounce debounce;
  private @Nullable Instant delayUntil;
  private @Nullable Duration ttl;
  private long priorityMillis;
  private @Nullable Integer maxAttempts;
  private @Nullable Duration maxDuration;
  private List<String> tags = List.of();
  private @Nullable String metadata;
  private @Nullable String options;
  private boolean test;
  private @Nullable NamedParent parent;
  private @Nullable RunError failure;

  NewRunBuilder(String task) {
    this.task = task;
  }

  NewRunBuilder(NewRun run) {
    this(run.task());
    payload = run.payload();
    payloadType = run.payloadType();
    queue = run.queue();
    lockToVersion = run.lockToVersion();
    concurrencyKey = run.concurrencyKey();
    key = run.key();
    debounce = run.debounce();
    delayUntil = run.delayUntil();
    ttl = run.ttl();
    priorityMillis = run.priorityMillis();
    maxAttempts = run.maxAttempts();
    maxDuration = run.maxDuration();
    tags = run.tags();
    metadata = run.metadata();
    options = run.options();
    test = run.test();
    parent = run.parent();
    failure = run.failure();
  }

  /** See {@link NewRun#payload()}. */
  public NewRunBuilder payload(@Nullable String value) {
    payload = value;
    return this;
  }

  /** See {@link NewRun#payloadType()}. */
  public NewRunBuilder payloadType(@Nullable String value) {
    payloadType = value;
    return this;
  }

  /** See {@link NewRun#queue()}. */
  public NewRunBuilder queue(@Nullable String value) {
    queue = value;
    return this;
  }

  /** See {@link NewRun#lockToVersion()}. */
  public NewRunBuilder lockToVersion(@Nullable String value) {
    lockToVersion = value;
    return this;
  }

  /** See {@link NewRun#concurrencyKey()}. */
  public NewRunBuilder concurrencyKey(String value) {
    concurrencyKey = value;
    return this;
  }

  /** See {@link NewRun#key()}. */
  public NewRunBuilder key(NewRun.@Nullable Key value) {
    key = value;
    return this;
  }

  /** See {@link NewRun#debounce()}. */
  public NewRunBuilder debounce(NewRun.@Nullable Debounce value) {
    debounce = value;
    return this;
  }

  /** See {@link NewRun#delayUntil()}. */
  public NewRunBuilder delayUntil(@Nullable Instant value) {
    delayUntil = value;
    return this;
  }

  /** See {@link NewRun#ttl()}. */
  public NewRunBuilder ttl(@Nullable Duration value) {
    ttl = value;
    return this;
  }

  /** See {@link NewRun#priorityMillis()}. */
  public NewRunBuilder priorityMillis(long value) {
    priorityMillis = value;
    return this;
  }

  /** See {@link NewRun#maxAttempts()}. */
  public NewRunBuilder maxAttempts(@Nullable Integer value) {
    maxAttempts = value;
    return this;
  }

  /** See {@link NewRun#maxDuration()}. */
  public NewRunBuilder maxDuration(@Nullable Duration value) {
    maxDuration = value;
    return this;
  }

  /** See {@link NewRun#tags()}. */
  public NewRunBuilder tags(List<String> value) {
    tags = value;
    return this;
  }

  /** See {@link NewRun#metadata()}. */
  public NewRunBuilder metadata(@Nullable String value) {
    metadata = value;
    return this;
  }

  /** See {@link NewRun#options()}. */
  public NewRunBuilder options(@Nullable String value) {
    options = value;
    return this;
  }

  /** See {@link NewRun#test()}. */
  public NewRunBuilder test(boolean value) {
    test = value;
    return this;
  }

  /** See {@link NewRun#parent()}. */
  public NewRunBuilder parent(@Nullable NamedParent value) {
    parent = value;
    return this;
  }

  /** See {@link NewRun#failure()}. */
  public NewRunBuilder failure(@Nullable RunError value) {
    failure = value;
    return this;
  }

  /** Builds the run. */
  public NewRun build() {
    return new NewRun(
        task,
        payload,
        payloadType,
        queue,
        lockToVersion,
        concurrencyKey,
        key,
        debounce,
        delayUntil,
        ttl,
        priorityMillis,
        maxAttempts,
        maxDuration,
        tags,
        metadata,
        options,
        test,
        parent,
        failure);
  }
}
