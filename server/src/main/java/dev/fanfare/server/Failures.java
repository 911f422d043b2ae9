package dev.fanfare.server;

import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.http.HttpServer;
import dev.fanfare.server.http.Response;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Responses to unexpected failures. They tell the client whether to retry, and reveal no details;
 * those are logged.
 */
final class Failures implements HttpServer.Failures {
  private static final Logger log = LoggerFactory.getLogger(Failures.class);
  private static final Duration LOG_PAUSE = Duration.ofSeconds(10);

  private final AtomicLong loggedNanos = new AtomicLong(System.nanoTime() - LOG_PAUSE.toNanos());

  @Override
  public Response handle(Throwable failure) {
    if (isUnavailable(failure)) {
      logUnavailable("Requests get 503", failure);
      return Response.error(503, "The database is busy or away, try again soon")
          .with("Retry-After", "1");
    }
    if (failure instanceof OutOfMemoryError) {
      log.error("A request got 503, because the server is out of memory", failure);
      return Response.error(503, "The server is out of memory").with("Retry-After", "1");
    }
    log.error("A request got 500, because of an unexpected failure", failure);
    return Response.error(500, "Something went wrong");
  }

  @Override
  public void cutOff(Throwable failure) {
    if (isUnavailable(failure)) {
      logUnavailable("Responses are cut off", failure);
    } else {
      log.error("A response was cut off, because of an unexpected failure", failure);
    }
  }

  private static boolean isUnavailable(Throwable failure) {
    return failure instanceof DatabaseException e && (e.isUnavailable() || e.isConflict());
  }

  /** While the database is away, every request fails: one line every ten seconds is enough. */
  private void logUnavailable(String effect, Throwable cause) {
    long now = System.nanoTime();
    long last = loggedNanos.get();
    if (now - last > LOG_PAUSE.toNanos() && loggedNanos.compareAndSet(last, now)) {
      log.warn("{}, because the database is busy or away: {}", effect, cause.getMessage());
    } else {
      log.debug("{}, because the database is busy or away: {}", effect, cause.getMessage());
    }
  }
}
