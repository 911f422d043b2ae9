package dev.fanfare.server.worker.http;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.Surrogates;
import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The validation of requests for a session. Errors name the invalid field. */
final class SessionCheck {
  private static final int NAME_CHARS_MAX = 128;
  private static final int TASKS_MAX = 1_000;
  private static final long TTL_MILLIS_MAX = Duration.ofDays(36_500).toMillis();

  private SessionCheck() {}

  static void check(SessionRequest request, int slotsMax) {
    name("name", request.name());
    name("version", request.version());
    between("slots", request.slots(), 1, slotsMax);
    if (request.tasks() == null || request.tasks().isEmpty()) {
      throw HttpError.validation("tasks: must name at least one task");
    }
    between("tasks: the number of tasks", request.tasks().size(), 1, TASKS_MAX);
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < request.tasks().size(); i++) {
      task("tasks[" + i + "].", request.tasks().get(i), ids);
    }
  }

  private static void task(String where, @Nullable TaskDefinition task, Set<String> ids) {
    if (task == null || task.id() == null) {
      throw HttpError.validation(where + "id: is required");
    }
    RequestTexts.taskId(where + "id", task.id());
    if (!ids.add(task.id())) {
      throw HttpError.validation(where + "id: " + task.id() + " is declared twice");
    }
    if (task.queue() != null) {
      queue(where + "queue.", task.queue());
    }
    if (task.retry() != null) {
      retry(where + "retry.", task.retry());
    }
    if (task.maxDurationMillis() != null) {
      between(
          where + "maxDurationMillis",
          task.maxDurationMillis(),
          1_000L * Limits.MAX_DURATION_SECONDS_MIN,
          1_000L * Limits.MAX_DURATION_SECONDS_MAX);
    }
    if (task.ttlMillis() != null) {
      between(where + "ttlMillis", task.ttlMillis(), 1_000, TTL_MILLIS_MAX);
    }
  }

  private static void queue(String where, QueueDefinition queue) {
    name(where + "name", queue.name());
    if (!queue.name().matches("[A-Za-z0-9_\\-/]+")) {
      throw HttpError.validation(where + "name: must consist of letters, digits, _, - and /");
    }
    if (queue.concurrencyLimit() != null) {
      between(where + "concurrencyLimit", queue.concurrencyLimit(), 1, Integer.MAX_VALUE);
    }
  }

  private static void retry(String where, RetryPolicy retry) {
    between(where + "maxAttempts", retry.maxAttempts(), 1, Limits.ATTEMPTS_MAX);
    between(where + "minTimeoutMillis", retry.minTimeoutMillis(), 0, Long.MAX_VALUE);
    between(
        where + "maxTimeoutMillis",
        retry.maxTimeoutMillis(),
        retry.minTimeoutMillis(),
        365L * 24 * 3600 * 1000);
    if (!(retry.factor() >= 1 && retry.factor() <= 1000)) {
      throw HttpError.validation(where + "factor: must be from 1 to 1000");
    }
  }

  private static void name(String where, @Nullable String name) {
    if (name == null
        || name.isBlank()
        || name.length() > NAME_CHARS_MAX
        || name.indexOf(0) >= 0
        || Surrogates.hasLone(name)) {
      throw HttpError.validation(
          where
              + ": must have 1 to "
              + NAME_CHARS_MAX
              + " characters, without U+0000 and unpaired surrogates");
    }
  }

  private static void between(String where, long value, long min, long max) {
    if (value < min || value > max) {
      throw HttpError.validation(where + ": must be from " + min + " to " + max);
    }
  }
}
