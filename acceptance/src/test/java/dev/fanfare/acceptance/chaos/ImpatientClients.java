package dev.fanfare.acceptance.chaos;

import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Clients that send a request, wait for the response, and send the next one a moment later,
 * whatever the response was. They note when they were served, and for how long they were not.
 * Thread-safe.
 */
final class ImpatientClients implements AutoCloseable {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(60);
  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final int SURPRISES_MAX = 20;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final HttpRequest request;
  private final List<Client> clients = new ArrayList<>();
  private final Queue<String> surprises = new ConcurrentLinkedQueue<>();
  private volatile boolean stopped;

  private final class Client implements Runnable {
    final Thread thread = Thread.ofVirtual().unstarted(this);
    volatile long servedNanos = System.nanoTime();
    volatile long gapNanos;

    @Override
    public void run() {
      while (!stopped) {
        if (isServed()) {
          long now = System.nanoTime();
          gapNanos = Math.max(gapNanos, now - servedNanos);
          servedNanos = now;
        }
        try {
          Draw.sleep(PAUSE);
        } catch (InterruptedException e) {
          return;
        }
      }
    }

    private boolean isServed() {
      try {
        HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
        int status = response.statusCode();
        if (status == 200) {
          return true;
        }
        boolean retry = response.headers().firstValue("Retry-After").isPresent();
        if (status != 503 || !retry) {
          surprise("%s, %s, %s".formatted(status, response.headers().map(), response.body()));
        }
      } catch (IOException e) {
        surprise(e.toString());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return false;
    }

    private void surprise(String text) {
      if (!stopped && surprises.size() < SURPRISES_MAX) {
        surprises.add(text);
      }
    }
  }

  private ImpatientClients(HttpRequest request) {
    this.request = request;
  }

  /** Starts clients that trigger runs. */
  static ImpatientClients triggering(URI server, String key, int count) {
    return start(
        to(server, key, "/api/v1/tasks/echo/trigger")
            .POST(BodyPublishers.ofString("{\"payload\":1}")),
        count);
  }

  /** Starts clients that list runs. */
  static ImpatientClients reading(URI server, String key, int count) {
    return start(to(server, key, "/api/v1/runs"), count);
  }

  private static HttpRequest.Builder to(URI server, String key, String path) {
    return HttpRequest.newBuilder(server.resolve(path))
        .timeout(ANSWER_MAX)
        .header("Authorization", "Bearer " + key);
  }

  private static ImpatientClients start(HttpRequest.Builder request, int count) {
    ImpatientClients all = new ImpatientClients(request.build());
    for (int i = 0; i < count; i++) {
      all.clients.add(all.new Client());
    }
    all.clients.forEach(client -> client.thread.start());
    return all;
  }

  /** Waits until each client was served since now; returns how long it took for each. */
  List<Duration> awaitEachServed(Duration bound) {
    long begin = System.nanoTime();
    Duration[] waits = new Duration[clients.size()];
    Await.until(
        "each client to be served",
        bound,
        () -> {
          boolean all = true;
          for (int i = 0; i < waits.length; i++) {
            long wait = clients.get(i).servedNanos - begin;
            if (waits[i] == null && wait > 0) {
              waits[i] = Duration.ofNanos(wait);
            }
            all &= waits[i] != null;
          }
          return all;
        });
    return List.of(waits);
  }

  /** The longest time between two successes of any client, and since the last one. */
  Duration longestGap() {
    long now = System.nanoTime();
    long longest = 0;
    for (Client client : clients) {
      longest = Math.max(longest, Math.max(client.gapNanos, now - client.servedNanos));
    }
    return Duration.ofNanos(longest);
  }

  /** Forgets how long they were not served so far. */
  void forgetGaps() {
    clients.forEach(client -> client.gapNanos = 0);
  }

  /** Responses that are neither a success nor a 503 that says when to retry, and lost ones. */
  List<String> surprises() {
    return List.copyOf(surprises);
  }

  @Override
  public void close() {
    stopped = true;
    http.shutdownNow();
  }
}
