package dev.fanfare.server;

import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.http.HttpServer;
import dev.fanfare.server.http.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What nobody could foresee becomes an answer without its secrets: the client learns whether to try
 * again, the log learns why.
 */
final class Failures implements HttpServer.Failures {
  private static final Logger log = LoggerFactory.getLogger(Failures.class);

  @Override
  public Response answer(Throwable failure) {
    if (failure instanceof DatabaseException e && (e.isUnavailable() || e.isConflict())) {
      log.warn("The database did not serve a request: {}", e.getMessage());
      return Response.error(503, "The database is busy or away, try again soon")
          .with("Retry-After", "1");
    }
    if (failure instanceof OutOfMemoryError) {
      log.error("A request needed more memory than there is", failure);
      return Response.error(503, "The server is out of memory").with("Retry-After", "1");
    }
    log.error("A request failed", failure);
    return Response.error(500, "Something went wrong");
  }
}
