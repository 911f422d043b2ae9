package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.protocol.worker.PollRequest;
import dev.fanfare.protocol.worker.PollResponse;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.ConnectionException;
import dev.fanfare.sdk.FanfareException;
import dev.fanfare.sdk.internal.Response;
import dev.fanfare.sdk.internal.Transport;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import tools.jackson.core.JacksonException;

/** The four calls of a worker, without retries: the loops that make them retry. */
final class WorkerCalls {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** Short, because a session that is not closed lapses. */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  private final Transport transport;
  private final PollSilence silence = new PollSilence(System::nanoTime);

  WorkerCalls(Transport transport) {
    this.transport = transport;
  }

  SessionResponse open(SessionRequest request) {
    return call("POST", "/worker/v1/sessions", request, TIMEOUT, SessionResponse.class);
  }

  /**
   * Polls.
   *
   * @param silenceMax how long the response may be silent if the server's blanks get through
   */
  PollResponse poll(SessionResponse session, PollRequest request, Duration silenceMax) {
    Transport.Call call = call("POST", path(session) + "/poll", request);
    silence.begin(silenceMax);
    try {
      Duration timeout = TIMEOUT.plusMillis(session.pollMillis());
      return read(call, transport.once(call, timeout, silence), PollResponse.class);
    } catch (ConnectionException e) {
      if (e.getCause() instanceof TimeoutException) {
        silence.timedOut();
      }
      throw e;
    }
  }

  ReportResponse report(SessionResponse session, ReportRequest report, Duration timeout) {
    return call("POST", path(session) + "/reports", report, timeout, ReportResponse.class);
  }

  void close(SessionResponse session) {
    Transport.Call call = new Transport.Call("DELETE", path(session), null, Map.of());
    check(call, transport.once(call, CLOSE_TIMEOUT));
  }

  /** Why a call failed, for the log. */
  static String reason(Throwable failure) {
    return switch (failure) {
      case ApiException.Unauthorized refused ->
          "the server refused the secret key: %s. Is the key revoked, or of another server?"
              .formatted(refused.getMessage());
      case FanfareException known -> String.valueOf(known.getMessage());
      default -> failure.toString();
    };
  }

  private static String path(SessionResponse session) {
    return "/worker/v1/sessions/" + session.sessionId();
  }

  private <T> T call(String method, String path, Object body, Duration timeout, Class<T> type) {
    Transport.Call call = call(method, path, body);
    return read(call, transport.once(call, timeout), type);
  }

  private static Transport.Call call(String method, String path, Object body) {
    return new Transport.Call(method, path, WireJson.mapper().writeValueAsBytes(body), Map.of());
  }

  private static <T> T read(Transport.Call call, Response response, Class<T> type) {
    check(call, response);
    try {
      return WireJson.mapper().readValue(response.body(), type);
    } catch (JacksonException e) {
      // Probably from an intermediary such as a proxy.
      throw new ConnectionException(
          "The response to %s %s is not a valid %s"
              .formatted(call.method(), call.path(), type.getSimpleName()),
          e);
    }
  }

  private static void check(Transport.Call call, Response response) {
    if (response.statusCode() >= 300) {
      if (response.statusCode() < 500 && Transport.reason(response.body()) == null) {
        // From an intermediary, whose 404 must not end a session and whose 400 fails no run.
        throw new ConnectionException(
            "The response to %s %s, with status %s, is not the server's"
                .formatted(call.method(), call.path(), response.statusCode()),
            null);
      }
      throw Transport.failure(call, response);
    }
  }
}
