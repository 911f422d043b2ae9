package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.protocol.worker.PollRequest;
import dev.fanfare.protocol.worker.PollResponse;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.sdk.FanfareException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The worker's four calls, each sent once: the loops that call them know when to try again. */
final class WorkerCalls {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final Transport transport;

  WorkerCalls(Transport transport) {
    this.transport = transport;
  }

  SessionResponse open(SessionRequest request) {
    return call("POST", "/worker/v1/sessions", request, TIMEOUT, SessionResponse.class);
  }

  PollResponse poll(SessionResponse session, int slots) {
    return call(
        "POST",
        path(session) + "/poll",
        new PollRequest(slots),
        TIMEOUT.plusMillis(session.pollMillis()),
        PollResponse.class);
  }

  ReportResponse report(SessionResponse session, ReportRequest report) {
    return call("POST", path(session) + "/reports", report, TIMEOUT, ReportResponse.class);
  }

  void close(SessionResponse session) {
    call("DELETE", path(session), null, TIMEOUT, Map.class);
  }

  private static String path(SessionResponse session) {
    return "/worker/v1/sessions/" + session.sessionId();
  }

  private <T> T call(
      String method, String path, @Nullable Object body, Duration timeout, Class<T> type) {
    byte[] bytes = body == null ? null : WireJson.mapper().writeValueAsBytes(body);
    HttpResponse<byte[]> response =
        transport.once(new Transport.Call(method, path, bytes, Map.of(), timeout));
    if (response.statusCode() >= 300) {
      FanfareException failure = Transport.failure(response);
      throw failure;
    }
    return WireJson.mapper().readValue(response.body(), type);
  }
}
