package dev.fanfare.acceptance.chaos;

import dev.fanfare.protocol.WireJson;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.JsonNode;

/**
 * Sends a request, with one request key, to one server or the other until it is acknowledged, as a
 * careful client does. Whatever is neither a success, nor a 503, nor a 408 for a request that was
 * cut, is a finding. Thread-safe.
 */
final class Caller implements AutoCloseable {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(60);
  private static final Duration PATIENCE = Duration.ofSeconds(150);
  private static final int BAD_MAX = 5;

  /** The request did not arrive whole, because the connection was cut in its middle. */
  static final int INCOMPLETE = 408;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<URI> servers;
  private final Findings findings;

  Caller(List<URI> servers, Findings findings) {
    this.servers = servers;
    this.findings = findings;
  }

  /** The call was not acknowledged; a finding says why. */
  static final class Unacknowledged extends Exception {
    Unacknowledged(String message) {
      super(message);
    }
  }

  /**
   * A request.
   *
   * @param key the request key; empty: none
   * @param body JSON, or lines of it
   */
  record Call(String method, String path, String key, String body) {
    static Call post(String path, String key, Object body) {
      return new Call("POST", path, key, WireJson.mapper().writeValueAsString(body));
    }

    static Call get(String path) {
      return new Call("GET", path, "", "");
    }

    boolean isStream() {
      return path.endsWith("/items");
    }
  }

  /** Sends a request until it is acknowledged, and returns the response. */
  JsonNode send(Call call, Draw draw) throws Unacknowledged, InterruptedException {
    long begun = System.nanoTime();
    int bad = 0;
    Map<String, Integer> answers = new TreeMap<>();
    int server = draw.chance(0.5) ? 0 : 1;
    while (System.nanoTime() - begun < PATIENCE.toNanos() && bad < BAD_MAX) {
      try {
        HttpResponse<String> response = once(call, servers.get(server));
        int status = response.statusCode();
        answers.merge(Integer.toString(status), 1, Integer::sum);
        if (status < 300) {
          return WireJson.mapper().readTree(response.body());
        }
        if (status != 503 && status != INCOMPLETE) {
          bad++;
          findings.add(
              "%d of %s %s at server %d, key '%s': %s"
                  .formatted(status, call.method, call.path, server, call.key, response.body()));
        }
      } catch (ExecutionException e) {
        answers.merge("no response", 1, Integer::sum); // the connection was refused or lost
      } catch (TimeoutException e) {
        bad++;
        findings.add(
            "no answer within %d s to %s %s at server %d, key '%s'"
                .formatted(ANSWER_MAX.toSeconds(), call.method, call.path, server, call.key));
      }
      server = draw.chance(0.7) ? 1 - server : server;
      Draw.sleep(Duration.ofMillis(draw.millis(20, 150)));
    }
    String message =
        "never acknowledged: %s %s, key '%s': %s"
            .formatted(call.method, call.path, call.key, answers);
    findings.add(message);
    throw new Unacknowledged(message);
  }

  private HttpResponse<String> once(Call call, URI server)
      throws ExecutionException, TimeoutException, InterruptedException {
    CompletableFuture<HttpResponse<String>> response = begin(call, server);
    try {
      return response.get(ANSWER_MAX.toNanos(), TimeUnit.NANOSECONDS);
    } finally {
      response.cancel(true);
    }
  }

  private CompletableFuture<HttpResponse<String>> begin(Call call, URI server) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.resolve(call.path))
            .header("Authorization", "Bearer " + Processes.KEY)
            .header("Content-Type", call.isStream() ? "application/x-ndjson" : "application/json")
            .header("x-trigger-api-version", "2025-07-16");
    if (!call.key.isEmpty()) {
      request.header("x-trigger-request-idempotency-key", call.key);
    }
    request.method(
        call.method,
        call.body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(call.body));
    return http.sendAsync(request.build(), BodyHandlers.ofString());
  }

  /**
   * Sends a request to every server, again and again, until each has answered with success; returns
   * how long the last one took. Requests that hang do not keep new ones from being answered.
   */
  Duration firstSuccess(Call call) throws InterruptedException {
    long begun = System.nanoTime();
    Duration longest = Duration.ZERO;
    for (URI server : servers) {
      CompletableFuture<Void> success = new CompletableFuture<>();
      long asked = System.nanoTime();
      while (!success.isDone()) {
        Duration elapsed = Duration.ofNanos(System.nanoTime() - asked);
        if (elapsed.compareTo(ANSWER_MAX) > 0) {
          findings.add("no success at " + server + " within " + elapsed.toSeconds() + " s");
          break;
        }
        begin(call, server)
            .orTimeout(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS)
            .thenAccept(response -> {
              if (response.statusCode() < 300) {
                success.complete(null);
              }
            });
        try {
          success.get(100, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
          // not yet
        }
      }
      longest = Duration.ofNanos(System.nanoTime() - begun);
    }
    return longest;
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
