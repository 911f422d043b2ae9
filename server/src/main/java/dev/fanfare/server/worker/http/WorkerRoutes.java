package dev.fanfare.server.worker.http;

import static dev.fanfare.server.config.ServerSettings.OUTPUT_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static dev.fanfare.server.config.ServerSettings.REPORT_BODY_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;
import static dev.fanfare.server.config.ServerSettings.SLOTS_MAX;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.protocol.worker.PollRequest;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.server.access.http.AuthenticatedRoutes;
import dev.fanfare.server.access.http.Caller;
import dev.fanfare.server.access.http.HttpAccess;
import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.RequestMemory.Decoding;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.json.TextCutter;
import dev.fanfare.server.lease.AttemptReport;
import dev.fanfare.server.lease.ClaimMemory;
import dev.fanfare.server.lease.Session;
import dev.fanfare.server.worker.Sessions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.DatabindException;

/** The endpoints of the worker protocol; see {@code dev.fanfare.protocol.worker}. */
public final class WorkerRoutes implements Component {
  private static final long SMALL_BODY_BYTES_MAX = 1024 * 1024;

  /** What a value of a body takes as a part of an object, without its text. */
  private static final long VALUE_BYTES = 64;

  private final AuthenticatedRoutes authenticated;
  private final Sessions sessions;
  private final ServerConfig config;
  private final ReportWire reportWire;

  public WorkerRoutes(Resources resources, HttpAccess access, Sessions sessions) {
    this.authenticated = access.authenticated();
    this.sessions = sessions;
    this.config = resources.config();
    this.reportWire = new ReportWire(config.get(OUTPUT_BYTES_MAX));
  }

  @Override
  public List<Route> routes() {
    Access workers = Access.key().unmetered();
    return List.of(
        authenticated.post("/worker/v1/sessions", workers, this::open),
        authenticated.post("/worker/v1/sessions/{session}/poll", workers, this::poll),
        authenticated.post("/worker/v1/sessions/{session}/reports", workers, this::report),
        authenticated.delete("/worker/v1/sessions/{session}", workers, this::close));
  }

  private Response open(Exchange exchange, Caller caller) {
    int environmentId = caller.environment().id();
    SessionRequest request = read(exchange, SMALL_BODY_BYTES_MAX, SessionRequest.class);
    SessionCheck.check(request, config.get(SLOTS_MAX));
    Session session = sessions.open(environmentId, request);
    return Response.json(
        200,
        new SessionResponse(
            PublicId.format(PublicId.SESSION, session.id()),
            config.get(SESSION_LEASE).toMillis(),
            config.get(POLL_WAIT).toMillis(),
            session.heldMax()));
  }

  private Response poll(Exchange exchange, Caller caller) {
    int environmentId = caller.environment().id();
    PollRequest request = read(exchange, SMALL_BODY_BYTES_MAX, PollRequest.class);
    return PollResponses.answer(
        sessions
            .poll(environmentId, session(exchange), PollCheck.order(request), memory(exchange))
            .orElseThrow(HttpError::of));
  }

  private static ClaimMemory memory(Exchange exchange) {
    return new ClaimMemory() {
      @Override
      public boolean isSpent() {
        return exchange.isMemorySpent();
      }

      @Override
      public void hold(long chars) {
        exchange.hold(chars);
      }
    };
  }

  private Response report(Exchange exchange, Caller caller) {
    int environmentId = caller.environment().id();
    ReportRequest request = read(exchange, config.get(REPORT_BODY_BYTES_MAX), ReportRequest.class);
    AttemptReport report = reportWire.report(request);
    try {
      return Response.json(
          200,
          ReportWire.response(
              sessions
                  .report(environmentId, session(exchange), report)
                  .orElseThrow(HttpError::of)));
    } catch (DatabaseException e) {
      if (e.isUnstorable() && !report.finished().isEmpty()) {
        throw ReportWire.unstorable(report.finished());
      }
      throw e;
    }
  }

  private Response close(Exchange exchange, Caller caller) {
    int environmentId = caller.environment().id();
    sessions.close(environmentId, session(exchange));
    return Response.json(200, Map.of("closed", true));
  }

  private static UUID session(Exchange exchange) {
    UUID id = PublicId.parse(PublicId.SESSION, exchange.path("session"));
    if (id == null) {
      throw new HttpError(404, "Session not found");
    }
    return id;
  }

  private <T> T read(Exchange exchange, long limit, Class<T> type) {
    InputStream body =
        new TextCutter(
            exchange.body(limit, Decoding.LONG_TEXTS),
            config.get(OUTPUT_BYTES_MAX),
            values -> exchange.reserve(VALUE_BYTES * values));
    try (JsonParser parser = WireJson.mapper().createParser(body)) {
      if (parser.nextToken() == null) {
        throw new HttpError(400, "Request body is empty");
      }
      T value = WireJson.mapper().readerFor(type).readValue(parser);
      if (value == null) {
        throw HttpError.validation("the body must be an object");
      }
      return value;
    } catch (JacksonException e) {
      throw unreadable(e, type);
    }
  }

  /** The parser wraps whatever a body throws while it is read. */
  private static RuntimeException unreadable(JacksonException e, Class<?> type) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof HttpError error) {
        return error;
      }
      if (cause instanceof IOException interrupted) {
        return new UncheckedIOException(interrupted);
      }
      if (cause instanceof UncheckedIOException interrupted) {
        return interrupted;
      }
    }
    // the second: a number is too large
    return e instanceof DatabindException || e instanceof InputCoercionException
        ? HttpError.validation("the body does not have the shape of " + type.getSimpleName())
        : new HttpError(400, "Invalid JSON");
  }
}
