package dev.fanfare.server.task;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A task of one environment.
 *
 * @param id its primary key
 * @param slug the id that triggers and workers use
 * @param queueId the queue of runs whose trigger names no queue
 * @param ttl the time to live of runs whose trigger sets none; absent: no limit
 */
public record Task(int id, String slug, int queueId, @Nullable Duration ttl) {

  /** The name of the queue of a task that was declared without one. */
  public static String ownQueue(String slug) {
    return "task/" + slug;
  }
}
