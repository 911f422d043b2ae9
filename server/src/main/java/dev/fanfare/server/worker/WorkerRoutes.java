package dev.fanfare.server.worker;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.protocol.worker.PollRequest;
import dev.fanfare.protocol.worker.PollResponse;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.server.access.Caller;
import dev.fanfare.server.access.Doors;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Answer;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Route;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.DatabindException;

/** The conversation with Java workers; see {@code dev.fanfare.protocol.worker}. */
public final class WorkerRoutes {
  private static final long SMALL_BODY_BYTES_MAX = 1024 * 1024;

  private final Doors doors;
  private final Sessions sessions;
  private final Limits limits;
  private final ReportWire reports;

  /**
   * @param slotsMax most slots of one worker
   * @param reportBodyBytesMax longest body of a report
   * @param outputBytesMax longest output of a run
   * @param session lives and waits
   */
  public record Limits(
      int slotsMax, long reportBodyBytesMax, int outputBytesMax, Sessions.Limits session) {}

  public WorkerRoutes(Doors doors, Sessions sessions, Limits limits) {
    this.doors = doors;
    this.sessions = sessions;
    this.limits = limits;
    this.reports = new ReportWire(limits.outputBytesMax());
  }

  /** The routes of this room. */
  public List<Route> routes() {
    Access workers = Access.key().unmetered();
    return List.of(
        doors.post("/worker/v1/sessions", workers, this::open),
        doors.post("/worker/v1/sessions/{session}/poll", workers, this::poll),
        doors.post("/worker/v1/sessions/{session}/reports", workers, this::report),
        doors.delete("/worker/v1/sessions/{session}", workers, this::close));
  }

  private Answer open(Exchange exchange, Caller caller) {
    int environmentId = caller.environment().id();
    SessionRequest request = read(exchange, SMALL_BODY_BYTES_MAX, SessionRequest.class);
    SessionCheck.check(request, limits.slotsMax());
    UUID id = sessions.open(environmentId, request);
    return Answer.json(
        200,
        new SessionResponse(
            PublicId.format(PublicId.SESSION, id),
            limits.session().lease().toMillis(),
            limits.session().pollWait().toMillis()));
  }

  private Answer poll(Exchange exchange, Caller caller) {
    int environmentId = caller.environment().id();
    PollRequest request = read(exchange, SMALL_BODY_BYTES_MAX, PollRequest.class);
    if (request.slots() < 0) {
      throw HttpError.validation("slots: must not be negative");
    }
    Sessions.Polled polled = sessions.poll(environmentId, session(exchange), request.slots());
    return Answer.json(
        200,
        new PollResponse(
            polled.runs().stream().map(ReportWire::assignment).toList(),
            ReportWire.held(polled.canceled())));
  }

  private Answer report(Exchange exchange, Caller caller) {
    int environmentId = caller.environment().id();
    ReportRequest request = read(exchange, limits.reportBodyBytesMax(), ReportRequest.class);
    return Answer.json(
        200,
        ReportWire.response(
            sessions.report(environmentId, session(exchange), reports.report(request))));
  }

  private Answer close(Exchange exchange, Caller caller) {
    int environmentId = caller.environment().id();
    sessions.close(environmentId, session(exchange));
    return Answer.json(200, Map.of("closed", true));
  }

  private static UUID session(Exchange exchange) {
    UUID id = PublicId.parse(PublicId.SESSION, exchange.path("session"));
    if (id == null) {
      throw new HttpError(404, "Session not found");
    }
    return id;
  }

  private static <T> T read(Exchange exchange, long limit, Class<T> type) {
    byte[] body = exchange.bytes(limit);
    if (body.length == 0) {
      throw new HttpError(400, "Request body is empty");
    }
    try {
      T value = WireJson.mapper().readValue(body, type);
      if (value == null) {
        throw HttpError.validation("the body must be an object");
      }
      return value;
    } catch (DatabindException | InputCoercionException e) { // the latter: a number too large
      throw HttpError.validation("the body does not have the shape of " + type.getSimpleName());
    } catch (JacksonException e) {
      throw new HttpError(400, "Invalid JSON");
    }
  }
}
