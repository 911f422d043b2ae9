package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.ConnectionException;
import dev.fanfare.sdk.FanfareException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Sends HTTP requests. Lost connections and the statuses 408, 429 and 5xx are retried with growing
 * waits. The secret key appears in the authorization header only. Safe for use by many threads.
 */
public final class Transport {
  /** Waits before the second and later tries. A longer wait that the server asks for overrides. */
  private static final long[] WAITS_MILLIS = {200, 500, 1_000, 2_000, 4_000};

  private static final long WAIT_MILLIS_MAX = 60_000;

  /** A call with a longer body may take long to send. */
  private static final int LARGE_BYTES = 1024 * 1024;

  /** How long a call waits before it asks its listener again. */
  private static final long LISTEN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Connections connections;
  private final URI base;
  private final String secretKey;
  private final int triesMax;
  private final Duration callTimeout;

  /**
   * @param base the server's address, without a trailing slash
   * @param triesMax how often a call is sent in all
   * @param callTimeout how long a call may take in all, with its retries
   */
  public Transport(
      URI base, String secretKey, Duration connectTimeout, int triesMax, Duration callTimeout) {
    this.base = base;
    this.secretKey = secretKey;
    this.triesMax = triesMax;
    this.callTimeout = callTimeout;
    this.connections = new Connections(connectTimeout);
  }

  /**
   * A call to the server.
   *
   * @param path encoded, with a leading slash
   * @param body JSON; absent: none
   * @param headers in addition to authorization and content type, unless it is not JSON; a call
   *     that is not idempotent must have a request key among them
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Call(
      String method, String path, byte @Nullable [] body, Map<String, String> headers) {}

  /** Sends a call, with retries, and returns the body of the 2xx response. */
  public byte[] send(Call call) {
    boolean large = call.body() != null && call.body().length > LARGE_BYTES;
    return withRetries(
            timeout -> once(call, timeout), callTimeout, large, call.method(), call.path())
        .body();
  }

  /** As {@link #send(Call)}, for a call that may take longer than the time limit of calls. */
  public byte[] send(Call call, Duration timeout) {
    Duration limit = callTimeout.compareTo(timeout) > 0 ? callTimeout : timeout;
    return withRetries(left -> once(call, left), limit, true, call.method(), call.path()).body();
  }

  /** Gets a presigned URL, with retries. The secret key is not sent to it. */
  public Response fetch(String presignedUrl) {
    URI url;
    try {
      url = URI.create(presignedUrl);
    } catch (IllegalArgumentException e) {
      throw new ConnectionException("The response contains an invalid presigned URL", e);
    }
    HttpRequest request = HttpRequest.newBuilder(url).build();
    return withRetries(
        timeout -> once(request, timeout, Listener.PATIENT),
        callTimeout,
        true,
        "GET",
        url.getPath());
  }

  /**
   * Sends a call until it succeeds, its tries are used up, or the next one could not begin in time.
   *
   * @param limit how long all tries may take
   * @param large whether sending or receiving may take long: a try then has all the time that is
   *     left, and otherwise half of it, so that another one can follow when the connection is dead
   */
  private Response withRetries(
      Function<Duration, Response> call,
      Duration limit,
      boolean large,
      String method,
      String path) {
    long start = System.nanoTime();
    for (int tries = 1; ; tries++) {
      long left = leftNanos(start, limit);
      FanfareException failure;
      long wait;
      try {
        Response response =
            call.apply(Duration.ofNanos(large || tries >= triesMax ? left : left / 2));
        if (response.statusCode() < 300) {
          return response;
        }
        failure = failure(method, path, response);
        if (!isRetryable(response)) {
          throw failure;
        }
        wait = waitMillis(response, tries);
      } catch (ConnectionException e) {
        failure = e;
        wait = waitMillis(tries);
      }
      if (tries >= triesMax
          || Thread.currentThread().isInterrupted()
          || leftNanos(start, limit) <= TimeUnit.MILLISECONDS.toNanos(wait)) {
        throw failure;
      }
      pause(wait);
    }
  }

  private static long leftNanos(long start, Duration limit) {
    return Math.max(1, Spans.nanos(limit) - (System.nanoTime() - start));
  }

  /** Sends a call without retries and returns the body of the 2xx response. */
  public byte[] sendOnce(Call call) {
    Response response = once(call, callTimeout);
    if (response.statusCode() >= 300) {
      throw failure(call, response);
    }
    return response.body();
  }

  /**
   * Decides how long a response may be silent, before it begins and between two pieces of it. Used
   * by several threads.
   */
  public interface Listener {
    /** Lets a response be silent until its time limit. */
    Listener PATIENT =
        new Listener() {
          @Override
          public void heard() {}

          @Override
          public long silenceLeftNanos() {
            return Long.MAX_VALUE;
          }
        };

    /** A piece of the body has arrived. */
    void heard();

    /** How much longer the response may be silent, as of now. */
    long silenceLeftNanos();
  }

  /**
   * Sends a call without retries and returns the response, whatever its status.
   *
   * @param timeout from connecting to the last byte
   */
  public Response once(Call call, Duration timeout) {
    return once(request(call), timeout, Listener.PATIENT);
  }

  /** As {@link #once(Call, Duration)}, but fails as soon as the response is silent for too long. */
  public Response once(Call call, Duration timeout, Listener listener) {
    return once(request(call), timeout, listener);
  }

  private HttpRequest request(Call call) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + call.path()))
            .header("Authorization", "Bearer " + secretKey);
    call.headers().forEach(request::header);
    if (call.body() == null) {
      request.method(call.method(), HttpRequest.BodyPublishers.noBody());
    } else {
      if (!call.headers().containsKey("Content-Type")) {
        request.header("Content-Type", "application/json");
      }
      request.method(call.method(), HttpRequest.BodyPublishers.ofByteArray(call.body()));
    }
    return request.build();
  }

  private Response once(HttpRequest request, Duration timeout, Listener listener) {
    String server = request.uri().getScheme() + "://" + request.uri().getAuthority();
    long begun = System.nanoTime();
    // Not the timeout of HttpRequest: it ends with the headers, so a server that stopped in the
    // middle of a body would block us indefinitely.
    CompletableFuture<Response> response = connections.send(request, listener);
    try {
      while (true) {
        long left = Spans.nanos(timeout) - (System.nanoTime() - begun);
        long most = Math.min(left, listener.silenceLeftNanos());
        try {
          return response.get(Math.min(most, LISTEN_NANOS), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
          if (most <= 0) {
            throw e;
          }
        }
      }
    } catch (ExecutionException e) {
      throw new ConnectionException(
          "No response from " + server + ": " + e.getCause(), e.getCause());
    } catch (TimeoutException e) {
      response.cancel(true);
      connections.timedOut(begun);
      long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
      throw new ConnectionException(
          "No complete response from %s within %s ms"
              .formatted(server, Math.min(waited, timeout.toMillis())),
          e);
    } catch (InterruptedException e) {
      response.cancel(true);
      Thread.currentThread().interrupt();
      throw new ConnectionException("Interrupted while waiting for " + server, e);
    }
  }

  private static boolean isRetryable(Response response) {
    // A 404 with x-should-retry: true is not retried: the header is meant for servers whose reads
    // lag behind their writes, and here an acknowledged run can be read at once.
    int status = response.statusCode();
    boolean forbidden = response.headers().firstValue("x-should-retry").orElse("").equals("false");
    return !forbidden && (status == 408 || status == 429 || status >= 500);
  }

  private static long waitMillis(int tries) {
    long wait = WAITS_MILLIS[Math.min(tries, WAITS_MILLIS.length) - 1];
    return wait + ThreadLocalRandom.current().nextLong(wait / 2 + 1);
  }

  private static long waitMillis(Response response, int tries) {
    long requested =
        response
            .headers()
            .firstValue("x-ratelimit-reset")
            .filter(v -> response.statusCode() == 429)
            .map(v -> number(v) - System.currentTimeMillis())
            .or(() -> response.headers().firstValue("Retry-After").map(v -> number(v) * 1_000))
            .orElse(0L);
    return Math.min(WAIT_MILLIS_MAX, Math.max(requested, waitMillis(tries)));
  }

  private static long number(String text) {
    return text.matches("\\d{1,15}") ? Long.parseLong(text) : 0;
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ConnectionException("Interrupted while waiting to retry", e);
    }
  }

  /** The exception for a response that is not 2xx. */
  public static FanfareException failure(Call call, Response response) {
    return failure(call.method(), call.path(), response);
  }

  private static FanfareException failure(String method, String path, Response response) {
    int status = response.statusCode();
    String reason =
        Objects.requireNonNullElse(reason(response.body()), "The server gave no reason");
    return ApiException.of(status, "%s (%s to %s %s)".formatted(reason, status, method, path));
  }

  /**
   * The reason in the body of an error; {@code null} when it has none, which means that an
   * intermediary such as a proxy responded.
   */
  public static @Nullable String reason(byte[] body) {
    try {
      JsonNode error = WireJson.mapper().readTree(body).path("error");
      if (error.isString()) {
        return error.stringValue();
      }
    } catch (JacksonException e) {
      // not JSON: only the status says anything
    }
    return null;
  }
}
