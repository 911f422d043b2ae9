package dev.fanfare.sdk;

import dev.fanfare.sdk.internal.Api;
import dev.fanfare.sdk.internal.Polling;
import dev.fanfare.sdk.internal.Spans;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The calls that read and change runs, see {@link Fanfare#runs()}.
 *
 * {@snippet :
 * Run run = fanfare.runs().await(handle.id(), Duration.ofSeconds(30));
 * fanfare.runs().addTags(run.id(), "checked");
 * }
 *
 * <p>Each call is one round trip, unless it says otherwise. Errors and retries are those of {@link
 * Fanfare}; a call that names a run throws {@link ApiException.NotFound} when the environment has
 * no such run. Safe for use by many threads.
 */
public final class Runs {
  private final Fanfare fanfare;
  private final Api api;

  Runs(Fanfare fanfare) {
    this.fanfare = fanfare;
    this.api = fanfare.api();
  }

  /**
   * Reads a run.
   *
   * @throws ApiException.NotFound when this environment has no such run
   */
  public Run retrieve(String runId) {
    return api.run(runId);
  }

  /**
   * Waits until a run is final. It polls: after 20 ms at first, later once a second, one round trip
   * each.
   *
   * @param timeout of any length, not negative; zero reads once
   * @return the run; not final when {@code timeout} elapsed first
   * @throws ApiException.NotFound when this environment has no such run
   */
  public Run await(String runId, Duration timeout) {
    return Polling.until(() -> retrieve(runId), Run::isFinal, timeout);
  }

  /**
   * The runs that match a filter, newest first. Pages are fetched while the stream is read, one
   * round trip each.
   */
  public Stream<Run> list(RunFilter filter) {
    return Stream.iterate(
            Optional.of(page(filter, null)),
            Optional::isPresent,
            page -> page.map(RunPage::next).map(next -> page(filter, next)))
        .flatMap(page -> page.orElseThrow().runs().stream());
  }

  /**
   * One page of the runs that match a filter, newest first.
   *
   * @param after {@link RunPage#next()} of the previous page; {@code null}: the first page
   */
  public RunPage page(RunFilter filter, @Nullable String after) {
    return api.runs(filter.parameters(after));
  }

  /**
   * The payload of a run, decoded; {@code null} when it has none. One round trip when the payload
   * is stored as a packet, otherwise none.
   *
   * @throws IllegalArgumentException when the payload does not fit {@code type}
   * @throws ApiException.Unauthorized when the run was read too long ago to fetch its packet; read
   *     it again
   * @throws ApiException.NotFound when the packet does not exist
   */
  public <I> @Nullable I payload(Run run, Class<I> type) {
    return decode(run.payload(), run.payloadPresignedUrl(), type);
  }

  /**
   * The output of a run, decoded; {@code null} when it has none. One round trip when the output is
   * stored as a packet, otherwise none.
   *
   * @throws IllegalArgumentException when the output does not fit {@code type}
   * @throws ApiException.Unauthorized when the run was read too long ago to fetch its packet; read
   *     it again
   * @throws ApiException.NotFound when the packet does not exist
   */
  public <O> @Nullable O output(Run run, Class<O> type) {
    return decode(run.output(), run.outputPresignedUrl(), type);
  }

  private <T> @Nullable T decode(
      @Nullable RawJson inline, @Nullable String presignedUrl, Class<T> type) {
    RawJson json = inline == null && presignedUrl != null ? api.packetAt(presignedUrl) : inline;
    return json == null ? null : fanfare.decode(json, type);
  }

  /**
   * Cancels a run and the runs it triggered. A run that no worker executes ends at once. A run that
   * a worker executes is shown as {@code CANCELED} at once; its handler is interrupted, and the run
   * ends when the worker confirms. A final run stays as it is. Calling again is safe and changes
   * nothing.
   *
   * @throws ApiException.NotFound when this environment has no such run
   */
  public void cancel(String runId) {
    api.cancel(runId);
  }

  /**
   * Triggers a new run with the task, payload, metadata, tags, test mark, queue, concurrency key,
   * machine, region and max duration of an old one, whatever the old one's state. Idempotency key,
   * delay, ttl, priority, max attempts, parent and locked version are not copied. Each call
   * triggers another run.
   *
   * @return the id of the new run
   * @throws ApiException.NotFound when this environment has no such run
   */
  public String replay(String runId) {
    return replay(runId, TriggerOptions.options());
  }

  /**
   * Like {@link #replay(String)}, with changes. Each call triggers another run, unless the changes
   * contain an idempotency key.
   *
   * @return the id of the new run, or of the run that already has the idempotency key
   * @throws IllegalArgumentException when the changes contain the test mark, which is always
   *     copied, or an idempotency key with a scope
   * @throws ApiException.NotFound when this environment has no such run
   * @throws ApiException.Refused when the changes break a rule; nothing was triggered
   */
  public String replay(String runId, TriggerOptions changes) {
    return api.replay(runId, changes.replayWire());
  }

  /**
   * Makes a delayed run due a new delay from now, rounded up to seconds. Calling again is safe and
   * counts from the later call.
   *
   * @return the run after the change
   * @throws ApiException.NotFound when this environment has no such run
   * @throws ApiException.Refused when the run is not {@code DELAYED}, or no longer
   */
  public Run reschedule(String runId, Duration delay) {
    return api.reschedule(runId, TriggerOptions.seconds("delay", delay));
  }

  /**
   * Makes a delayed run due at {@code time}; a time in the past queues it. Calling again is safe,
   * but is refused once the run is queued.
   *
   * @return the run after the change
   * @throws ApiException.NotFound when this environment has no such run
   * @throws ApiException.Refused when the run is not {@code DELAYED}, or no longer
   */
  public Run reschedule(String runId, Instant time) {
    return api.reschedule(runId, Spans.time("time", time).toString());
  }

  /**
   * Adds tags to a run, all or none; tags that it already has are ignored. Calling again is safe.
   *
   * @throws ApiException.NotFound when this environment has no such run
   * @throws ApiException.Refused when a tag has more than 128 characters, or the run would have
   *     more than 10 tags
   */
  public void addTags(String runId, String... tags) {
    api.addTags(runId, List.of(tags));
  }

  /**
   * The current metadata of a run; {@code {}} when it has none, or none that is a JSON object.
   *
   * @throws ApiException.NotFound when this environment has no such run
   */
  public RawJson metadata(String runId) {
    return api.metadata(runId);
  }

  /**
   * Replaces the metadata of a run; possible until an hour after it ended. Calling again is safe.
   *
   * @param metadata encoded as a JSON object of at most 256 KiB
   * @return the metadata after the change
   * @throws ApiException.NotFound when this environment has no such run
   * @throws ApiException.Refused when the metadata is not an object or too long, or the run ended
   *     more than an hour ago; nothing was changed
   */
  public RawJson replaceMetadata(String runId, Object metadata) {
    return api.changeMetadata(runId, Map.of("metadata", metadata), true);
  }

  /**
   * Changes the metadata of a run, all changes or none; possible until an hour after it ended.
   *
   * <p>An update that appends or increments is sent once, without retries: after a {@link
   * ConnectionException} it is unknown whether it was applied, and calling again may apply it
   * twice. Any other update is retried, and calling again is safe.
   *
   * @return the metadata after the change
   * @throws ApiException.NotFound when this environment has no such run
   * @throws ApiException.Refused when a change cannot be applied, the metadata would be too long,
   *     or the run ended more than an hour ago; nothing was changed
   */
  public RawJson updateMetadata(String runId, MetadataUpdate update) {
    return api.changeMetadata(
        runId, Map.of("operations", update.operations()), update.isRepeatable());
  }

  /**
   * Releases an idempotency key, so that the next trigger of the task with this key creates a new
   * run. Calling again is safe.
   *
   * @param key the key as it was sent; for an {@link IdempotencyKey} its {@link
   *     IdempotencyKey#text()}
   * @throws ApiException.NotFound when no run of the task has the key. A retried call throws it too
   *     when an earlier try released the key and its response was lost
   */
  public void resetIdempotencyKey(String taskId, String key) {
    api.resetKey(taskId, key);
  }
}
