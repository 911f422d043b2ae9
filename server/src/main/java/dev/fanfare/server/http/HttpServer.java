package dev.fanfare.server.http;

import static dev.fanfare.server.config.ServerSettings.BODIES_IN_FLIGHT_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.BODY_READ_TIMEOUT;
import static dev.fanfare.server.config.ServerSettings.HOST;
import static dev.fanfare.server.config.ServerSettings.PORT;
import static dev.fanfare.server.config.ServerSettings.SHUTDOWN_GRACE;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.json.JsonException;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens, finds the route, runs its handler on a virtual thread and writes the answer. Whatever a
 * handler throws becomes an answer here and nowhere else.
 */
public final class HttpServer {
  private static final Logger log = LoggerFactory.getLogger(HttpServer.class);
  private static final int HEADERS_BYTES_MAX = 32 * 1024;
  private static final int PROLOGUE_BYTES_MAX = 16 * 1024;

  /** A draining server still says how it is. */
  private static final String HEALTH = "/health/";

  /** More requests than any server serves at once: all permits taken means none is in flight. */
  private static final int IN_FLIGHT_MAX = 1_000_000;

  private final Router router;
  private final Failures failures;
  private final BodyBudget budget;
  private final Duration grace;
  private final Semaphore inFlight = new Semaphore(IN_FLIGHT_MAX);
  private final AtomicBoolean draining = new AtomicBoolean();
  private final WebServer server;

  private HttpServer(ServerConfig config, List<Route> routes, Failures failures) {
    this.router = new Router(routes);
    this.failures = failures;
    this.budget = new BodyBudget(config.get(BODIES_IN_FLIGHT_BYTES_MAX));
    this.grace = config.get(SHUTDOWN_GRACE);
    this.server =
        WebServer.builder()
            .host(config.get(HOST))
            .port(config.get(PORT))
            .shutdownHook(false) // ours drains first
            .useNio(false) // a channel knows no read timeout, see ReadTimeout
            .connectionOptions(new ReadTimeout(config.get(BODY_READ_TIMEOUT)))
            .addProtocol(
                Http1Config.builder()
                    .maxHeadersSize(HEADERS_BYTES_MAX)
                    .maxPrologueLength(PROLOGUE_BYTES_MAX)
                    // It refuses brackets in a query, which many clients send as they are.
                    .validatePrologue(false)
                    .build())
            .contentEncoding(
                ContentEncodingContext.builder()
                    .contentEncodingsDiscoverServices(false)
                    .addContentEncoding(new GzipDecoding())
                    .build())
            .directHandlers(jsonErrors())
            .routing(routing -> routing.any(this::handle))
            .build();
  }

  /** Turns what a handler could not foresee, such as a lost database, into an answer. */
  @FunctionalInterface
  public interface Failures {
    /** The answer to a failure that is not an {@link HttpError}. */
    Response answer(Throwable failure);
  }

  /** Starts to listen and returns when connections are accepted. */
  public static HttpServer start(ServerConfig config, List<Route> routes, Failures failures) {
    HttpServer server = new HttpServer(config, routes, failures);
    server.server.start();
    if (!server.server.isRunning()) {
      // Helidon logs that it could not bind and returns as if it had.
      throw new IllegalStateException(
          "not listening on " + config.get(HOST) + ":" + config.get(PORT));
    }
    return server;
  }

  /** The port it listens on. */
  public int port() {
    return server.port();
  }

  /** Whether it still takes new requests. */
  public boolean accepting() {
    return !draining.get();
  }

  /**
   * From now on new requests are refused with 503, which clients try again elsewhere; returns when
   * those in flight have ended, or after the grace period.
   */
  public void drain() {
    draining.set(true);
    try {
      if (!inFlight.tryAcquire(IN_FLIGHT_MAX, grace.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("Requests were still running after the grace period of {}", grace);
      } else {
        inFlight.release(IN_FLIGHT_MAX);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Closes the socket. Call {@link #drain} first: this cuts what is still running. */
  public void stop() {
    server.stop();
  }

  private void handle(ServerRequest request, ServerResponse response) {
    if (!inFlight.tryAcquire()) {
      send(response, Response.error(503, "The server is busy").with("Retry-After", "1"));
      return;
    }
    try {
      if (draining.get() && !request.path().rawPath().startsWith(HEALTH)) {
        response.header(HeaderValues.CONNECTION_CLOSE);
        send(response, Response.error(503, "The server is stopping").with("Retry-After", "1"));
        close(request, true);
      }
      Response answer = answer(request);
      send(response, answer);
      if (answer.isClosing() || request.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
        close(request, !answer.isClosing());
      }
    } finally {
      inFlight.release();
    }
  }

  /**
   * Ends the connection after an answer that says so. Helidon does not: it would read what is left
   * of the request, or was smuggled behind it, as the next one.
   *
   * @param readOn whether to take the rest of the body first; closed while it still sends, a client
   *     might never see the answer
   */
  private static void close(ServerRequest request, boolean readOn) {
    if (readOn && !request.headers().contains(HeaderValues.EXPECT_100)) {
      try {
        request.content().consume();
      } catch (RuntimeException e) {
        // gone, silent or malformed: nobody waits for the answer
      }
    }
    throw new CloseConnectionException("closed with the answer");
  }

  private Response answer(ServerRequest request) {
    String method = request.prologue().method().text();
    String path = request.path().rawPath();
    if (!isPrintable(path) || !isPrintable(request.query().rawValue())) {
      return Response.error(400, "The URL has characters that must be percent-encoded").closing();
    }
    if (method.equals("OPTIONS") && router.isForBrowsers(path)) {
      return Cors.preflight(request.headers());
    }
    Router.Match match;
    try {
      match = router.find(method, path);
    } catch (HttpError e) {
      return e.answer();
    }
    Response answer = answer(match.route().handler(), new Exchange(request, match.path(), budget));
    return match.route().access().isForBrowsers() ? Cors.allow(answer, request.headers()) : answer;
  }

  /** Whether it has no blanks, no control characters and nothing beyond ASCII. */
  private static boolean isPrintable(String raw) {
    return raw.chars().allMatch(c -> c > ' ' && c < 0x7F);
  }

  private Response answer(Route.Handler handler, Exchange exchange) {
    try {
      return handler.handle(exchange);
    } catch (HttpError e) {
      return e.answer();
    } catch (JsonException e) {
      return HttpError.of(e).answer();
    } catch (UncheckedIOException e) {
      // The client went away or was silent for too long in the middle of its body.
      return Response.error(400, "The request body ended early").closing();
    } catch (Throwable e) {
      return failures.answer(e);
    } finally {
      exchange.end();
    }
  }

  private static void send(ServerResponse response, Response answer) {
    response.status(Status.create(answer.status()));
    response.header(HeaderValues.CONTENT_TYPE_JSON);
    answer.headers().forEach(response::header);
    switch (answer.body()) {
      case Response.Whole whole -> response.send(whole.bytes());
      // Not closed when it fails: a proper end would make a part look like the whole.
      case Response.Streamed streamed -> streamed.writeTo(response.outputStream());
    }
  }

  /** Whether the client is at fault although Helidon takes it on itself. */
  private static boolean isClients(DirectHandler.TransportRequest request, Status status) {
    boolean unreadable = request.method().isEmpty(); // not even the request line made sense
    return status.code() == Status.NOT_IMPLEMENTED_501.code() // a transfer coding of its own
        || (unreadable && status.code() == Status.INTERNAL_SERVER_ERROR_500.code());
  }

  private static byte[] errorBody(Status status) {
    return WireJson.mapper().writeValueAsBytes(Map.of("error", status.reasonPhrase()));
  }

  /** What Helidon refuses before a handler sees it gets the same shape of error. */
  private static DirectHandlers jsonErrors() {
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    DirectHandler handler =
        (request, type, defaultStatus, responseHeaders, message) -> {
          Status status =
              isClients(request, defaultStatus) ? Status.BAD_REQUEST_400 : defaultStatus;
          return DirectHandler.TransportResponse.builder()
              .status(status)
              .headers(responseHeaders)
              .header(HeaderNames.CONTENT_TYPE, "application/json")
              .entity(errorBody(status))
              .build();
        };
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(type, handler);
    }
    return handlers.build();
  }
}
