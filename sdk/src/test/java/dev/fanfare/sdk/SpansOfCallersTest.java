package dev.fanfare.sdk;

import static dev.fanfare.sdk.TriggerOptions.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.sdk.StandInServer.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every method that takes a duration or a time takes any value, or refuses it by its name. */
@Timeout(60)
class SpansOfCallersTest {
  private static final Task<RawJson, RawJson> ECHO =
      Task.define("echo", RawJson.class, RawJson.class).handler((payload, run) -> payload);

  private static final Duration[] DURATIONS = {
    null,
    Duration.ZERO,
    Duration.ofNanos(1),
    Duration.ofNanos(-1),
    Duration.ofSeconds(-5),
    Duration.ofMillis(1),
    Duration.ofSeconds(1),
    Duration.ofDays(36_500),
    Duration.ofDays(36_501),
    Duration.ofNanos(Long.MAX_VALUE),
    Duration.ofSeconds(Long.MIN_VALUE),
    ChronoUnit.FOREVER.getDuration()
  };

  private static final Instant[] TIMES = {
    null, Instant.EPOCH, Instant.MIN, Instant.MAX, Instant.ofEpochMilli(Long.MAX_VALUE)
  };

  private static final Map<String, Consumer<Duration>> TAKE_DURATIONS = new LinkedHashMap<>();
  private static final Map<String, Consumer<Instant>> TAKE_TIMES = new LinkedHashMap<>();

  static {
    TAKE_DURATIONS.put("delay", d -> options().delay(d));
    TAKE_DURATIONS.put("ttl", d -> options().ttl(d));
    TAKE_DURATIONS.put("idempotencyKeyTtl", d -> options().idempotencyKeyTtl(d));
    TAKE_DURATIONS.put("maxDuration", d -> options().maxDuration(d));
    TAKE_DURATIONS.put("period", d -> RunFilter.all().period(d));
    TAKE_DURATIONS.put("debounce leading", d -> Debounce.leading("k", d));
    TAKE_DURATIONS.put("debounce trailing", d -> Debounce.trailing("k", d).wire());
    TAKE_DURATIONS.put(
        "debounce maxDelay", d -> Debounce.leading("k", Duration.ofMillis(1)).maxDelay(d).wire());
    TAKE_DURATIONS.put("batch ttl", d -> BatchOptions.none().idempotencyKeyTtl(d).headers());
    TAKE_DURATIONS.put("task maxDuration", d -> task().maxDuration(d).handler(null).definition());
    TAKE_DURATIONS.put("task ttl", d -> task().ttl(d).handler(null).definition());
    TAKE_DURATIONS.put("minDelay", d -> Retry.exponential().minDelay(d).policy());
    TAKE_DURATIONS.put("maxDelay", d -> Retry.exponential().maxDelay(d).policy());
    TAKE_DURATIONS.put("connectTimeout", d -> client().connectTimeout(d).build());
    TAKE_DURATIONS.put("callTimeout", d -> client().callTimeout(d).build());
    TAKE_DURATIONS.put("shutdownGrace", d -> Worker.builder(client().build()).shutdownGrace(d));
    TAKE_TIMES.put("delayUntil", t -> options().delayUntil(t));
    TAKE_TIMES.put("from", t -> RunFilter.all().from(t));
    TAKE_TIMES.put("to", t -> RunFilter.all().to(t));
  }

  private static Task.Builder<RawJson, RawJson> task() {
    return Task.define("t", RawJson.class, RawJson.class);
  }

  private static Fanfare.Builder client() {
    return Fanfare.builder().secretKey("tr_dev_secret");
  }

  static Stream<String> takers() {
    return Stream.concat(TAKE_DURATIONS.keySet().stream(), TAKE_TIMES.keySet().stream());
  }

  @ParameterizedTest
  @MethodSource("takers")
  void a_span_is_taken_or_refused_by_name(String taker) {
    if (TAKE_TIMES.containsKey(taker)) {
      for (Instant time : TIMES) {
        check(taker + "(" + time + ")", () -> TAKE_TIMES.get(taker).accept(time));
      }
    } else {
      for (Duration span : DURATIONS) {
        check(taker + "(" + span + ")", () -> TAKE_DURATIONS.get(taker).accept(span));
      }
    }
  }

  private static void check(String call, Runnable method) {
    try {
      method.run();
    } catch (IllegalArgumentException e) {
      assertThat(e.getStackTrace()[0].getClassName()).as(call).startsWith("dev.fanfare.sdk");
      assertThat(e).as(call).hasMessageMatching("(?s).*(must be|must not|must have).*");
    } catch (NullPointerException e) {
      assertThat(e).as(call).hasMessageContaining("must not be null");
    }
  }

  @Test
  void a_wait_may_last_forever() {
    String run = "{\"id\":\"run_1\",\"status\":\"COMPLETED\",\"taskIdentifier\":\"echo\"}";
    try (StandInServer server = new StandInServer(request -> Answer.ok(run))) {
      Runs runs = server.client().runs();
      assertThat(runs.await("run_1", ChronoUnit.FOREVER.getDuration()).id()).isEqualTo("run_1");
      assertThat(runs.await("run_1", Duration.ZERO).id()).isEqualTo("run_1");
      assertThat(runs.await("run_1", Duration.ofNanos(1)).id()).isEqualTo("run_1");
      assertThatThrownBy(() -> runs.await("run_1", Duration.ofNanos(-1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("timeout must not be negative, but is PT-0.000000001S");
      assertThatThrownBy(() -> runs.await("run_1", null)).hasMessage("timeout must not be null");
    }
  }

  /** The backlog of the socket accepts connections, which nobody ever answers. */
  @Test
  void a_server_that_never_answers_costs_a_call_its_time_and_no_more() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Fanfare fanfare =
          client()
              .url("http://127.0.0.1:" + silent.getLocalPort())
              .callTimeout(Duration.ofSeconds(1))
              .build();
      Map<String, Consumer<Fanfare>> calls = new LinkedHashMap<>();
      calls.put("trigger", f -> f.trigger("t", 1));
      calls.put("long trigger", f -> f.trigger("t", "p".repeat(2_000_000)));
      calls.put("batch", f -> f.batchTrigger("t", List.of(1, 2)));
      calls.put("retrieve", f -> f.runs().retrieve("run_1"));
      calls.put("await", f -> f.runs().await("run_1", ChronoUnit.FOREVER.getDuration()));
      calls.put("list", f -> f.runs().list(RunFilter.all()).count());
      calls.put(
          "append", f -> f.runs().updateMetadata("run_1", MetadataUpdate.none().append("k", 1)));
      calls.put("batches", f -> f.batches().results("batch_1"));
      calls.forEach((name, call) -> {
        long start = System.nanoTime();
        assertThatThrownBy(() -> call.accept(fanfare))
            .as(name)
            .isInstanceOf(ConnectionException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
            .as(name)
            .isLessThan(Duration.ofSeconds(8));
      });
    }
  }
}
