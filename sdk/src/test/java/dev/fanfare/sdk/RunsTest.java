package dev.fanfare.sdk;

import static dev.fanfare.sdk.TriggerOptions.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.sdk.StandInServer.Answer;
import dev.fanfare.sdk.StandInServer.Request;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RunsTest {
  private static final String RUN =
      """
      {"id":"run_a","taskIdentifier":"send-email","status":"COMPLETED","version":"7",
       "createdAt":"2026-01-02T03:04:05.678Z","updatedAt":"2026-01-02T03:04:06Z",
       "finishedAt":"2026-01-02T03:04:06Z","tags":["a","b"],"isTest":true,"isCompleted":true,
       "payload": { "b" : 1.0e5, "a":-0 } ,"output":"x\\ud83dy","metadata":{"n":12345678901234567890},
       "attemptCount":2,"attempts":[],"relatedRuns":{"children":[]},"durationMs":12,"depth":0}
      """;

  private final Deque<Answer> answers = new ArrayDeque<>();
  private final StandInServer server = new StandInServer(request -> answers.removeFirst());
  private final Fanfare fanfare = server.client();

  record Email(String to, Instant at) {}

  @AfterEach
  void close() {
    server.close();
  }

  private Request only() {
    assertThat(server.requests()).hasSize(1);
    return server.requests().getFirst();
  }

  @Test
  void calls_that_change_a_run_send_the_change() {
    answers.add(Answer.ok("{\"id\":\"run_a\"}"));
    answers.add(Answer.ok("{\"id\":\"run_b\"}"));
    answers.add(Answer.ok(RUN));
    answers.add(Answer.ok("{\"metadata\":{\"n\":1.50}}"));
    answers.add(Answer.ok("{\"id\":\"k/1\"}"));

    fanfare.runs().cancel("run_a");
    String again =
        fanfare
            .runs()
            .replay("run_a", options().queue("q").lockToVersion("7").delay(Duration.ZERO));
    Run moved = fanfare.runs().reschedule("run_a", Instant.parse("2026-01-02T03:04:05Z"));
    RawJson metadata = fanfare.runs().metadata("run_a");
    fanfare.runs().resetIdempotencyKey("t", "k/1");

    assertThat(again).isEqualTo("run_b");
    assertThat(moved.version()).isEqualTo("7");
    assertThat(metadata.text()).isEqualTo("{\"n\":1.50}");
    assertThat(server.requests())
        .extracting(r -> r.method() + " " + r.target() + " " + r.body())
        .containsExactly(
            "POST /api/v2/runs/run_a/cancel {}",
            "POST /api/v1/runs/run_a/replay {\"delay\":\"0s\",\"queue\":\"q\",\"version\":\"7\"}",
            "POST /api/v1/runs/run_a/reschedule {\"delay\":\"2026-01-02T03:04:05Z\"}",
            "GET /api/v1/runs/run_a/metadata ",
            "POST /api/v1/idempotencyKeys/k%2F1/reset {\"taskIdentifier\":\"t\"}");
    assertThatThrownBy(() -> fanfare.runs().replay("run_a", options().test()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void an_update_of_metadata_that_is_not_repeatable_is_sent_once() {
    answers.add(Answer.lost());
    MetadataUpdate adding = MetadataUpdate.none().set("a", null).increment("n", 1);
    assertThatThrownBy(() -> fanfare.runs().updateMetadata("run_a", adding))
        .isInstanceOf(ConnectionException.class);
    assertThat(only().body())
        .isEqualTo(
            "{\"operations\":[{\"type\":\"set\",\"key\":\"a\",\"value\":null},"
                + "{\"type\":\"increment\",\"key\":\"n\",\"value\":1}]}");

    answers.add(Answer.lost());
    answers.add(Answer.ok("{\"metadata\":{}}"));
    fanfare.runs().updateMetadata("run_a", MetadataUpdate.none().delete("a").remove("list", "x"));
    assertThat(server.requests()).hasSize(3);
  }

  @Test
  void a_run_is_read_with_its_json_unchanged() {
    answers.add(Answer.ok(RUN));

    Run run = fanfare.runs().retrieve("run_a");

    assertThat(only().target()).isEqualTo("/api/v3/runs/run_a");
    assertThat(only().header("x-trigger-api-version")).isEqualTo("2025-07-16");
    assertThat(run.status()).isEqualTo(RunStatus.COMPLETED);
    assertThat(run.isFinal()).isTrue();
    assertThat(run.isSuccessful()).isTrue();
    assertThat(run.isTest()).isTrue();
    assertThat(run.payload()).hasToString("{ \"b\" : 1.0e5, \"a\":-0 }");
    assertThat(run.output()).hasToString("\"x\\ud83dy\"");
    assertThat(run.metadata()).hasToString("{\"n\":12345678901234567890}");
    assertThat(run.error()).isNull();
    assertThat(run.startedAt()).isNull();
    assertThat(run.attemptCount()).isEqualTo(2);
    assertThat(run.taskId()).isEqualTo("send-email");
    assertThat(run.duration()).isEqualTo(Duration.ofMillis(12));
    assertThat((Object) fanfare.decode(run.metadata(), Map.class))
        .isEqualTo(Map.of("n", new java.math.BigInteger("12345678901234567890")));
    assertThatThrownBy(() -> fanfare.runs().output(run, Email.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Email");
  }

  @Test
  void await_polls_until_the_run_is_final_or_the_timeout_elapsed() {
    answers.add(Answer.ok(RUN.replace("\"COMPLETED\"", "\"QUEUED\"")));
    answers.add(Answer.ok(RUN.replace("\"COMPLETED\"", "\"EXECUTING\"")));
    answers.add(Answer.ok(RUN));
    assertThat(fanfare.runs().await("run_a", Duration.ofMinutes(1)).isFinal()).isTrue();

    answers.add(Answer.ok(RUN.replace("\"COMPLETED\"", "\"QUEUED\"")));
    assertThat(fanfare.runs().await("run_a", Duration.ZERO).isFinal()).isFalse();
  }

  @Test
  void a_list_is_fetched_page_by_page_while_it_is_read() {
    answers.add(
        Answer.ok("{\"data\":[" + RUN + "," + RUN + "],\"pagination\":{\"next\":\"c 1\"}}"));
    answers.add(Answer.ok("{\"data\":[" + RUN + "],\"pagination\":{}}"));

    List<Run> runs =
        fanfare
            .runs()
            .list(
                RunFilter.all()
                    .status(RunStatus.QUEUED, RunStatus.FAILED)
                    .tag("a&b")
                    .from(Instant.ofEpochMilli(5))
                    .pageSize(2))
            .toList();

    assertThat(runs).hasSize(3);
    assertThat(runs.getFirst().payload()).hasToString("{ \"b\" : 1.0e5, \"a\":-0 }");
    assertThat(server.requests().get(0).target())
        .isEqualTo(
            "/api/v1/runs?filter%5Bstatus%5D=QUEUED%2CFAILED&filter%5Btag%5D=a%26b"
                + "&filter%5BcreatedAt%5D%5Bfrom%5D=5&page%5Bsize%5D=2");
    assertThat(server.requests().get(1).target()).endsWith("&page%5Bafter%5D=c%201");
  }
}
