package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.BODY_READ_TIMEOUT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.RawSocket.Answer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Sends a fixed corpus of malicious requests, from the files in {@code hostile/}. None may cause a
 * 5xx, hang, smuggle a second request, or leak memory.
 */
class HostileCorpusTest {
  private static final int LEAST = 600;
  private static final int AT_ONCE = 8;

  /** The time limit for a response or for the end of the connection. */
  private static final long PATIENCE_SECONDS = 30;

  private static final long HEAP_NOISE_BYTES = 12L * 1024 * 1024;

  @AutoClose private static TestServer server;
  private static Map<String, String> known;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start(settings -> settings.with(BODY_READ_TIMEOUT, Duration.ofSeconds(2)));
    String delayed = "{\"options\":{\"delay\":\"1d\"}}";
    long now = Instant.now().getEpochSecond();
    known =
        Map.of(
            "key", server.key,
            "run", id("/api/v1/tasks/echo/trigger", delayed),
            "env", server.post("/api/v1/auth/jwt/claims", "").json().get("sub").asString(),
            "past", Long.toString(now - 60),
            "now", Long.toString(now),
            "later", Long.toString(now + 900));
  }

  private static String id(String path, String body) {
    return server.post(path, body).json().get("id").asString();
  }

  private static List<HostileRequest> corpus() {
    return HostileRequest.FILES.stream()
        .flatMap(file -> HostileRequest.read(file).stream())
        .toList();
  }

  @Test
  void it_is_large_enough_and_names_each_request_once() {
    assertThat(corpus()).hasSizeGreaterThanOrEqualTo(LEAST);
    assertThat(corpus().stream().map(HostileRequest::toString)).doesNotHaveDuplicates();
  }

  @Test
  void none_causes_a_5xx_or_hangs_and_no_memory_leaks() throws Exception {
    assertThat(faults(corpus())).isEmpty();
    assertThat(server.get("/api/v1/runs?filter%5BtaskIdentifier%5D=smuggled").json().get("data"))
        .as("what stood behind a request whose end was in doubt")
        .isEmpty();
    long before = heapInUse(); // by now, all classes they need are loaded
    assertThat(faults(corpus())).isEmpty();
    assertThat(heapInUse()).isLessThan(before + HEAP_NOISE_BYTES);
    assertThat(server.get("/health/ready").status()).isEqualTo(200);
  }

  private static long heapInUse() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** Sends requests, a few at once, and returns the faults in their responses. */
  private static List<String> faults(List<HostileRequest> requests) throws Exception {
    List<String> faults = new ArrayList<>();
    try (ExecutorService senders = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Future<Optional<String>>> sent =
          requests.stream().map(request -> senders.submit(() -> fault(request))).toList();
      for (int i = 0; i < sent.size(); i++) {
        try {
          // The requests before it have ended, so it has begun or is about to.
          sent.get(i).get(2 * PATIENCE_SECONDS, TimeUnit.SECONDS).ifPresent(faults::add);
        } catch (TimeoutException e) {
          sent.get(i).cancel(true);
          faults.add(requests.get(i) + ": the server stopped reading and did not hang up");
        } catch (ExecutionException e) {
          faults.add(requests.get(i) + ": " + e.getCause());
        }
      }
    }
    return faults;
  }

  private static Optional<String> fault(HostileRequest request) {
    String bytes = request.bytes(known);
    if (request.names("batch")) {
      bytes = bytes.replace("${batch}", id("/api/v3/batches", "{\"runCount\":3}"));
    }
    List<Integer> statuses = new ArrayList<>();
    try (RawSocket socket = RawSocket.to(server.server.url())) {
      socket.send(bytes);
      if (!request.staysOpen()) {
        socket.endOutput();
      }
      for (Answer answer = socket.read(); answer != null; answer = socket.read()) {
        statuses.add(answer.status());
      }
    }
    boolean answered = !statuses.isEmpty() || !request.isHttp();
    boolean blamed = statuses.stream().anyMatch(status -> status >= 500);
    boolean asExpected =
        statuses.stream()
            .limit(1)
            .allMatch(status -> Integer.toString(status).startsWith(request.status()));
    return answered && !blamed && asExpected
        ? Optional.empty()
        : Optional.of(request + ": " + statuses + " not " + request.status());
  }
}
