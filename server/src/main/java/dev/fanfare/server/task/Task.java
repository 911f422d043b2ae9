package dev.fanfare.server.task;

import dev.fanfare.protocol.worker.RetryPolicy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A task of one environment.
 *
 * @param id its number in keys
 * @param slug the id that triggers and workers use
 * @param queueId where its runs go when a trigger names no queue
 * @param registered whether a worker has declared it
 * @param retry when a failed run is attempted again
 * @param ttl how long a run may be queued whose trigger does not say; absent: for ever
 */
public record Task(
    int id,
    String slug,
    int queueId,
    boolean registered,
    RetryPolicy retry,
    @Nullable Duration ttl) {

  /** The queue of a task that names none. */
  public static String ownQueue(String slug) {
    return "task/" + slug;
  }
}
