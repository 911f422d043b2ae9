package dev.fanfare.server.http;

import static dev.fanfare.server.config.ServerSettings.BODIES_IN_FLIGHT_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.BODY_READ_TIMEOUT;
import static dev.fanfare.server.config.ServerSettings.CONNECTIONS_MAX;
import static dev.fanfare.server.config.ServerSettings.HOST;
import static dev.fanfare.server.config.ServerSettings.PORT;
import static dev.fanfare.server.config.ServerSettings.SHUTDOWN_GRACE;
import static dev.fanfare.server.http.ResponseSender.send;

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
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP listener: finds the route of a request, runs its handler on a virtual thread, and writes
 * the response. This is the only place that turns exceptions of handlers into responses.
 * Thread-safe.
 */
public final class HttpServer {
  private static final Logger log = LoggerFactory.getLogger(HttpServer.class);
  private static final int HEADERS_BYTES_MAX = 32 * 1024;
  private static final int PROLOGUE_BYTES_MAX = 16 * 1024;

  /** Routes that a draining server still serves, because a load balancer must see its state. */
  private static final String HEALTH = "/health/";

  /** The scheme and host of a target in the form of proxies. */
  private static final Pattern ORIGIN = Pattern.compile("^(?i:https?)://[^/]+(?=/)");

  /** Connections beyond the maximum that are open at once, each for a short time. */
  private static final int CROWDED_MAX = 64;

  /** More requests than a server can ever have in flight. Holding all permits means: none is. */
  private static final int IN_FLIGHT_MAX = 1_000_000;

  private final Router router;
  private final Failures failures;
  private final MemoryBudget budget;
  private final Duration grace;
  private final Semaphore inFlight = new Semaphore(IN_FLIGHT_MAX);
  private final AtomicBoolean draining = new AtomicBoolean();
  private final Connections connections;
  private final WebServer server;

  private HttpServer(ServerConfig config, List<Route> routes, Failures failures) {
    this.router = new Router(routes);
    this.failures = failures;
    this.budget = MemoryBudget.ofHeap(config.get(BODIES_IN_FLIGHT_BYTES_MAX));
    this.grace = config.get(SHUTDOWN_GRACE);
    this.connections =
        new Connections(
            Http1Config.builder()
                .maxHeadersSize(HEADERS_BYTES_MAX)
                .maxPrologueLength(PROLOGUE_BYTES_MAX)
                // Helidon refuses brackets in a query, which many clients do not encode.
                .validatePrologue(false)
                .build(),
            config.get(CONNECTIONS_MAX),
            config.get(BODY_READ_TIMEOUT));
    this.server =
        WebServer.builder()
            .host(config.get(HOST))
            .port(config.get(PORT))
            .shutdownHook(false) // the server's own drains first
            .useNio(false) // NIO channels have no read timeout, see ReadTimeout
            .connectionOptions(new ReadTimeout(config.get(BODY_READ_TIMEOUT)))
            .protocolsDiscoverServices(false)
            .addConnectionSelector(connections)
            // The connections beyond the maximum are answered, too, but not without end.
            .maxTcpConnections(config.get(CONNECTIONS_MAX) + CROWDED_MAX)
            .contentEncoding(
                ContentEncodingContext.builder()
                    .contentEncodingsDiscoverServices(false)
                    .addContentEncoding(new GzipDecoding())
                    .build())
            .directHandlers(jsonErrors())
            .routing(routing -> routing.any(this::handle))
            .build();
  }

  /** Turns unexpected failures of handlers, such as an unreachable database, into responses. */
  public interface Failures {
    /** The response to a failure that is not an {@link HttpError}. */
    Response handle(Throwable failure);

    /** Notes a failure for which there is no response, because another one was sent in part. */
    void cutOff(Throwable failure);
  }

  /**
   * Starts to listen, and returns when the server accepts connections.
   *
   * @throws IllegalStateException when the address cannot be bound
   */
  public static HttpServer start(ServerConfig config, List<Route> routes, Failures failures) {
    HttpServer server = new HttpServer(config, routes, failures);
    server.server.start();
    server.connections.start();
    if (!server.server.isRunning()) {
      // Helidon only logs a failure to bind.
      throw new IllegalStateException(
          "Not listening on " + config.get(HOST) + ":" + config.get(PORT));
    }
    return server;
  }

  /** The port on which it listens. */
  public int port() {
    return server.port();
  }

  /**
   * Refuses new requests with 503, so that clients retry them elsewhere, and waits until the
   * requests in flight have ended, at most for the grace period.
   */
  public void drain() {
    draining.set(true);
    try {
      if (!inFlight.tryAcquire(IN_FLIGHT_MAX, grace.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn(
            "Requests are still running after the grace period of {}; they are cut off", grace);
      } else {
        inFlight.release(IN_FLIGHT_MAX);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Closes the socket and all connections. Call {@link #drain} first. */
  public void stop() {
    connections.stop();
    server.stop();
  }

  private void handle(ServerRequest request, ServerResponse response) {
    if (!inFlight.tryAcquire()) {
      send(request, response, busy("The server is busy"));
      return;
    }
    try {
      if (ClientConnection.current().isCrowded()) {
        handleCrowded(request, response);
      }
      if (draining.get() && !path(request).startsWith(HEALTH)) {
        send(request, response, busy("The server is stopping").closing());
        throw closed(request, true);
      }
      MemoryBudget.Share memory = budget.share();
      Response result;
      try {
        Response made = respond(request, memory);
        memory.giveBackBody(); // before the client knows that its request has ended
        result = send(request, response, made, failures);
      } finally {
        memory.giveBack();
      }
      if (result.isClosing() || request.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
        throw closed(request, !result.isClosing());
      }
    } finally {
      inFlight.release();
    }
  }

  /** Answers a request on one connection too many, and closes it. */
  private void handleCrowded(ServerRequest request, ServerResponse response) {
    boolean health = path(request).startsWith(HEALTH);
    Response result =
        health
            ? respond(request, budget.share())
            : busy("The server has too many connections at the moment, try again soon");
    send(request, response, result.closing());
    throw closed(request, false);
  }

  private static Response busy(String message) {
    return Response.error(503, message).with("Retry-After", "1");
  }

  /**
   * The exception that closes the connection after a response with {@code Connection: close}.
   * Helidon would keep it open and read the rest of this request, or bytes smuggled behind it, as
   * the next request.
   *
   * @param readRest whether to read the rest of the body first: a client that is still sending when
   *     the connection closes might never see the response
   */
  private static CloseConnectionException closed(ServerRequest request, boolean readRest) {
    if (readRest && !request.headers().contains(HeaderValues.EXPECT_100)) {
      try {
        request.content().consume();
      } catch (RuntimeException e) {
        // the client is gone, silent or sends nonsense: the connection closes in any case
      }
    }
    return new CloseConnectionException("closed with the response");
  }

  private Response respond(ServerRequest request, MemoryBudget.Share memory) {
    String method = request.prologue().method().text();
    String path = path(request);
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
      return e.response();
    }
    Response result = respond(match.route().handler(), new Exchange(request, match.path(), memory));
    return match.route().access().isForBrowsers() ? Cors.allow(result, request.headers()) : result;
  }

  /** The path as it was sent, without scheme and host of a target in the form of proxies. */
  private static String path(ServerRequest request) {
    String raw = request.path().rawPath();
    return raw.startsWith("/") ? raw : ORIGIN.matcher(raw).replaceFirst("");
  }

  /** Whether a text has only printable ASCII characters and no blanks. */
  private static boolean isPrintable(String raw) {
    return raw.chars().allMatch(c -> c > ' ' && c < 0x7F);
  }

  private Response respond(Route.Handler handler, Exchange exchange) {
    try {
      return handler.handle(exchange);
    } catch (HttpError e) {
      return e.response();
    } catch (JsonException e) {
      return HttpError.of(e).response();
    } catch (UncheckedIOException e) {
      // The client disconnected or was silent for too long in the middle of its body.
      return HttpError.incomplete().response();
    } catch (Throwable e) {
      return failures.handle(e);
    }
  }

  /** The status of a request that Helidon refuses, which reports two mistakes of clients as 5xx. */
  private static Status refused(DirectHandler.TransportRequest request, Status status) {
    if (status.code() == Status.NOT_IMPLEMENTED_501.code()) { // an unknown transfer coding
      return Status.BAD_REQUEST_400;
    }
    boolean unread = request.method().isEmpty();
    return unread && status.code() == Status.INTERNAL_SERVER_ERROR_500.code()
        ? Status.REQUEST_TIMEOUT_408 // the connection ended before the end of the headers
        : status;
  }

  private static byte[] errorBody(Status status) {
    return WireJson.mapper().writeValueAsBytes(Map.of("error", status.reasonPhrase()));
  }

  /** Gives requests that Helidon refuses before routing the same form of error. */
  private static DirectHandlers jsonErrors() {
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    DirectHandler handler =
        (request, type, defaultStatus, responseHeaders, message) -> {
          Status status = refused(request, defaultStatus);
          return DirectHandler.TransportResponse.builder()
              .status(status)
              .headers(responseHeaders)
              .header(HeaderNames.CONTENT_TYPE, "application/json")
              .entity(request.method().equals("HEAD") ? new byte[0] : errorBody(status))
              .build();
        };
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(type, handler);
    }
    return handlers.build();
  }
}
