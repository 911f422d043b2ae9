package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.ConnectionException;
import dev.fanfare.sdk.FanfareException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * HTTP with patience: lost connections, 429 and 5xx are tried again with growing waits. Safe for
 * use by many threads. The secret key goes into the header and nowhere else.
 */
public final class Transport {
  /** Waits before the second and later tries; the server's own word on waiting goes first. */
  private static final long[] WAITS_MILLIS = {200, 500, 1_000, 2_000, 4_000};

  private static final long WAIT_MILLIS_MAX = 60_000;

  private final HttpClient http;
  private final URI base;
  private final String secretKey;
  private final int triesMax;

  /**
   * @param base the server's address, without a trailing slash
   * @param triesMax how often a call is tried in all
   */
  public Transport(URI base, String secretKey, Duration connectTimeout, int triesMax) {
    this.base = base;
    this.secretKey = secretKey;
    this.triesMax = triesMax;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(connectTimeout)
            .build();
  }

  /**
   * One call.
   *
   * @param path with its leading slash, encoded
   * @param body JSON; absent: none
   * @param headers beside authorization and content type; a call that is not harmless to repeat
   *     brings the header that marks a repetition
   * @param timeout for one try, from connecting to the last byte
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Call(
      String method,
      String path,
      byte @Nullable [] body,
      Map<String, String> headers,
      Duration timeout) {}

  /** Sends a call, again when that can help, and returns the body of its success. */
  public byte[] send(Call call) {
    return patiently(() -> once(call), call.method(), call.path()).body();
  }

  /**
   * Fetches what a presigned URL leads to, again when that can help. Wherever it leads, the secret
   * key does not go there.
   */
  public HttpResponse<byte[]> fetch(String presignedUrl, Duration timeout) {
    URI url;
    try {
      url = URI.create(presignedUrl);
    } catch (IllegalArgumentException e) {
      throw new ConnectionException("The server gave a URL that is none", e);
    }
    HttpRequest request = HttpRequest.newBuilder(url).build();
    return patiently(() -> once(request, timeout), "GET", url.getPath());
  }

  private HttpResponse<byte[]> patiently(
      Supplier<HttpResponse<byte[]>> call, String method, String path) {
    for (int tries = 1; ; tries++) {
      HttpResponse<byte[]> response;
      try {
        response = call.get();
      } catch (ConnectionException e) {
        if (tries >= triesMax) {
          throw e;
        }
        pause(waitMillis(tries));
        continue;
      }
      if (response.statusCode() < 300) {
        return response;
      }
      if (tries >= triesMax || !worthRepeating(response)) {
        throw failure(method, path, response);
      }
      pause(waitMillis(response, tries));
    }
  }

  /** Sends a call that must not be sent again, and returns the body of its success. */
  public byte[] sendOnce(Call call) {
    HttpResponse<byte[]> response = once(call);
    if (response.statusCode() >= 300) {
      throw failure(call, response);
    }
    return response.body();
  }

  /** Sends a call once. */
  public HttpResponse<byte[]> once(Call call) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + call.path()))
            .header("Authorization", "Bearer " + secretKey);
    call.headers().forEach(request::header);
    if (call.body() == null) {
      request.method(call.method(), HttpRequest.BodyPublishers.noBody());
    } else {
      request
          .header("Content-Type", "application/json")
          .method(call.method(), HttpRequest.BodyPublishers.ofByteArray(call.body()));
    }
    return once(request.build(), call.timeout());
  }

  private HttpResponse<byte[]> once(HttpRequest request, Duration timeout) {
    String whom = request.uri().getScheme() + "://" + request.uri().getAuthority();
    // Not the request's own timeout: that one ends with the headers, and a server that stops in the
    // middle of its answer would be waited for without end.
    CompletableFuture<HttpResponse<byte[]>> answer =
        http.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
    try {
      return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw new ConnectionException("No answer from " + whom + ": " + e.getCause(), e.getCause());
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw new ConnectionException(
          "No whole answer from " + whom + " within " + timeout.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw new ConnectionException("Interrupted while waiting for " + whom, e);
    }
  }

  private static boolean worthRepeating(HttpResponse<byte[]> response) {
    // The header's "true" on a 404 is for servers that answer before they have stored; what this
    // one has acknowledged can be read, so not found means not found.
    int status = response.statusCode();
    boolean vetoed = response.headers().firstValue("x-should-retry").orElse("").equals("false");
    return !vetoed && (status == 408 || status == 429 || status >= 500);
  }

  private static long waitMillis(int tries) {
    long wait = WAITS_MILLIS[Math.min(tries, WAITS_MILLIS.length) - 1];
    return wait + ThreadLocalRandom.current().nextLong(wait / 2 + 1);
  }

  private static long waitMillis(HttpResponse<byte[]> response, int tries) {
    long asked =
        response
            .headers()
            .firstValue("x-ratelimit-reset")
            .filter(v -> response.statusCode() == 429)
            .map(v -> number(v) - System.currentTimeMillis())
            .or(() -> response.headers().firstValue("Retry-After").map(v -> number(v) * 1_000))
            .orElse(0L);
    return Math.min(WAIT_MILLIS_MAX, Math.max(asked, waitMillis(tries)));
  }

  private static long number(String text) {
    return text.matches("\\d{1,15}") ? Long.parseLong(text) : 0;
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ConnectionException("Interrupted while waiting to try again", e);
    }
  }

  /** The exception of an answer that is no success. */
  public static FanfareException failure(Call call, HttpResponse<byte[]> response) {
    return failure(call.method(), call.path(), response);
  }

  private static FanfareException failure(
      String method, String path, HttpResponse<byte[]> response) {
    int status = response.statusCode();
    return ApiException.of(
        status, "%s (%d to %s %s)".formatted(message(response.body()), status, method, path));
  }

  private static String message(byte[] body) {
    try {
      JsonNode error = WireJson.mapper().readTree(body).path("error");
      if (error.isString()) {
        return error.stringValue();
      }
    } catch (JacksonException e) {
      // no JSON: an intermediary answered, and its status is all there is to say
    }
    return "The server answered without a reason";
  }
}
