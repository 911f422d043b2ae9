package dev.fanfare.server;

import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.http.HttpServer;
import dev.fanfare.server.http.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Responses to unexpected failures. They tell the client whether to retry, and reveal no details;
 * those are logged.
 */
final class Failures implements HttpServer.Failures {
  private static final Logger log = LoggerFactory.getLogger(Failures.class);

  @Override
  public Response handle(Throwable failure) {
    if (failure instanceof DatabaseException e && (e.isUnavailable() || e.isConflict())) {
      log.warn(
          "A request got 503, because the database is busy or unreachable: {}", e.getMessage());
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
}
