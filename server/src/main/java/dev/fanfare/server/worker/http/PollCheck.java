package dev.fanfare.server.worker.http;

import dev.fanfare.protocol.worker.PollRequest;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.worker.PollRuns;
import org.jspecify.annotations.Nullable;

/** The validation of polls. Errors name the invalid field. */
final class PollCheck {
  private PollCheck() {}

  static PollRuns.Order order(PollRequest request) {
    if (request.slots() < 0) {
      throw HttpError.validation("slots: must not be negative");
    }
    Integer poll = request.poll();
    if (poll != null && poll < 1) {
      throw HttpError.validation("poll: must be at least 1");
    }
    Integer unanswered = request.unanswered();
    if (unanswered != null && (poll == null || unanswered < 1 || unanswered >= poll)) {
      throw HttpError.validation("unanswered: must be from 1 to the number of the poll before");
    }
    if (request.held() != null && request.held() < 0) {
      throw HttpError.validation("held: must not be negative");
    }
    return new PollRuns.Order(request.slots(), orZero(poll), orZero(unanswered), request.held());
  }

  private static int orZero(@Nullable Integer number) {
    return number == null ? 0 : number;
  }
}
