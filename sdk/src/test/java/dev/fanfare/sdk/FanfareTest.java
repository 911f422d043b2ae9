package dev.fanfare.sdk;

import static dev.fanfare.sdk.TriggerOptions.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.sdk.StandInServer.Answer;
import dev.fanfare.sdk.StandInServer.Request;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FanfareTest {
  private static final String BATCH =
      """
      {"id":"batch_1","batchId":"batch_1","isCached":false,"runCount":2,"runs":["run_a","run_b"],
       "items":[{"id":"run_a","taskIdentifier":"t","isCached":false},
                {"id":"run_b","taskIdentifier":"t","isCached":true}]}
      """;

  private final Deque<Answer> answers = new ArrayDeque<>();
  private final StandInServer server = new StandInServer(request -> answers.removeFirst());
  private final Fanfare fanfare = server.client();

  record Email(String to, Instant at) {}

  private static final TaskReference<Email> SEND = TaskReference.of("send email/1", Email.class);

  @AfterEach
  void close() {
    server.close();
  }

  private Request only() {
    assertThat(server.requests()).hasSize(1);
    return server.requests().getFirst();
  }

  @Test
  void a_trigger_sends_payload_and_options() {
    answers.add(Answer.ok("{\"id\":\"run_a\",\"isCached\":true}"));

    RunHandle handle =
        fanfare.trigger(
            SEND,
            new Email("ann", Instant.parse("2026-01-02T03:04:05Z")),
            options().tag("x").delay(Duration.ofMinutes(3)).idempotencyKey("k"));

    assertThat(handle).isEqualTo(new RunHandle("run_a", true));
    assertThat(only().target()).isEqualTo("/api/v1/tasks/send%20email%2F1/trigger");
    assertThat(only().header("authorization")).isEqualTo("Bearer tr_dev_secret");
    assertThat(only().header("trigger-version")).isNull();
    assertThat(only().body())
        .isEqualTo(
            """
            {"payload":{"to":"ann","at":"2026-01-02T03:04:05Z"},\
            "options":{"tags":["x"],"delay":"180s","idempotencyKey":"k"}}\
            """);
  }

  @Test
  void a_debounced_trigger_sends_key_delay_mode_and_max_delay() {
    answers.add(Answer.ok("{\"id\":\"run_a\",\"isCached\":false}"));

    fanfare.trigger(
        "index",
        7,
        options()
            .debounce(
                Debounce.trailing("doc 7", Duration.ofMillis(1_500))
                    .maxDelay(Duration.ofMinutes(1))));

    assertThat(only().body())
        .isEqualTo(
            """
            {"payload":7,"options":{"debounce":\
            {"key":"doc 7","delay":"2s","mode":"trailing","maxDelay":"60s"}}}\
            """);
  }

  @Test
  void an_idempotency_key_with_a_scope_is_sent_as_a_hash_with_key_and_scope() {
    answers.add(Answer.ok("{\"id\":\"run_a\",\"isCached\":false}"));
    fanfare.trigger("t", 1, options().idempotencyKey(IdempotencyKey.global("abc")));
    assertThat(only().body())
        .contains(
            "\"idempotencyKey\":"
                + "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"")
        .containsAnyOf(
            "\"idempotencyKeyOptions\":{\"key\":\"abc\",\"scope\":\"global\"}",
            "\"idempotencyKeyOptions\":{\"scope\":\"global\",\"key\":\"abc\"}");
  }

  @Test
  void a_batch_of_one_task_is_one_request() {
    answers.add(Answer.ok(BATCH));

    BatchHandle batch =
        fanfare.batchTrigger(
            SEND,
            List.of(new Email("ann", Instant.EPOCH), new Email("bob", Instant.EPOCH)),
            email -> options().tag("user:" + email.to()),
            BatchOptions.idempotencyKey("weekly-1").idempotencyKeyTtl(Duration.ofHours(1)));

    assertThat(batch.id()).isEqualTo("batch_1");
    assertThat(batch.runIds()).containsExactly("run_a", "run_b");
    assertThat(batch.items())
        .containsExactly(new RunHandle("run_a", false), new RunHandle("run_b", true));
    assertThat(only().target()).isEqualTo("/api/v1/tasks/send%20email%2F1/batch");
    assertThat(only().header("idempotency-key")).isEqualTo("weekly-1");
    assertThat(only().header("idempotency-key-ttl")).isEqualTo("3600s");
    assertThat(only().body())
        .isEqualTo(
            """
            {"items":[\
            {"payload":{"to":"ann","at":"1970-01-01T00:00:00Z"},"options":{"tags":["user:ann"]}},\
            {"payload":{"to":"bob","at":"1970-01-01T00:00:00Z"},"options":{"tags":["user:bob"]}}]}\
            """);
  }

  @Test
  void a_batch_of_several_tasks_names_the_task_of_each_item() {
    answers.add(Answer.ok(BATCH));

    fanfare.batchTrigger(
        List.of(BatchItem.of("a", null), BatchItem.of("b", new RawJson("{ \"x\" : 1.0 }"))));

    assertThat(only().target()).isEqualTo("/api/v1/tasks/batch");
    assertThat(only().body())
        .isEqualTo(
            "{\"items\":[{\"task\":\"a\",\"payload\":null},"
                + "{\"task\":\"b\",\"payload\":{ \"x\" : 1.0 }}]}");
  }

  @Test
  void a_trigger_within_a_run_names_the_run_as_its_parent() {
    Fanfare within = fanfare.within("run_p");
    answers.add(Answer.ok("{\"id\":\"run_a\",\"isCached\":true}"));
    within.trigger("a", 1, options().test());
    answers.add(Answer.ok(BATCH));
    within.batchTrigger("a", List.of(1, 2));
    answers.add(Answer.ok(BATCH));
    within.batchTrigger(List.of(BatchItem.of("a", 1), BatchItem.of("b", 2)));

    assertThat(server.requests())
        .extracting(Request::body)
        .containsExactly(
            "{\"payload\":1,\"options\":{\"parentRunId\":\"run_p\",\"test\":true}}",
            """
            {"items":[{"payload":1,"options":{"parentRunId":"run_p"}},\
            {"payload":2,"options":{"parentRunId":"run_p"}}]}\
            """,
            """
            {"items":[{"task":"a","payload":1},{"task":"b","payload":2}],"parentRunId":"run_p"}\
            """);
  }

  @Test
  void a_batch_must_have_1_to_1000_items() {
    assertThatThrownBy(() -> fanfare.batchTrigger("t", List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A batch must have 1 to 1000 items, not 0");
    assertThatThrownBy(() -> fanfare.batchTrigger("t", Collections.nCopies(1_001, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A batch must have 1 to 1000 items, not 1001");
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void a_batch_of_1000_items_is_sent_whole() {
    answers.add(Answer.ok(BATCH));
    fanfare.batchTrigger("t", IntStream.range(0, 1_000).boxed().toList());
    assertThat(only().body())
        .isEqualTo(
            IntStream.range(0, 1_000)
                .mapToObj(i -> "{\"payload\":" + i + "}")
                .collect(Collectors.joining(",", "{\"items\":[", "]}")));
  }

  @Test
  void a_lone_surrogate_is_sent_as_an_escape() {
    answers.add(Answer.ok("{\"id\":\"run_a\",\"isCached\":false}"));
    answers.add(Answer.ok("{\"id\":\"run_a\",\"isCached\":false}"));

    fanfare.trigger("t", "a\ud800b");
    fanfare.trigger("t", new RawJson("\"a\udc00\ud83d\ude00\""));

    assertThat(server.requests().get(0).body())
        .isEqualToIgnoringCase("{\"payload\":\"a\\ud800b\"}");
    assertThat(server.requests().get(1).body()).isEqualTo("{\"payload\":\"a\\udc00\ud83d\ude00\"}");
  }

  @Test
  void a_trigger_is_sent_again_with_the_same_request_key_and_another_call_has_another() {
    answers.add(Answer.lost());
    answers.add(Answer.error(503, "starting"));
    answers.add(Answer.ok(BATCH));
    answers.add(Answer.ok(BATCH));

    fanfare.batchTrigger("t", List.of(1));
    fanfare.batchTrigger("t", List.of(1));

    List<String> marks =
        server.requests().stream().map(r -> r.header("x-trigger-request-idempotency-key")).toList();
    assertThat(marks).hasSize(4).doesNotContainNull();
    assertThat(marks.get(1)).isEqualTo(marks.get(0));
    assertThat(marks.get(2)).isEqualTo(marks.get(0));
    assertThat(marks.get(3)).isNotEqualTo(marks.get(0));
  }

  @Test
  void a_wait_that_the_server_asks_for_overrides_the_clients() {
    long reset = System.currentTimeMillis() + 600;
    answers.add(Answer.error(429, "slow").header("x-ratelimit-reset", String.valueOf(reset)));
    answers.add(Answer.ok(BATCH));

    fanfare.batchTrigger("t", List.of(1));

    assertThat(System.currentTimeMillis()).isGreaterThanOrEqualTo(reset);
  }

  @Test
  void a_refused_call_is_not_retried() {
    Map<Answer, Class<? extends Exception>> cases = new LinkedHashMap<>();
    cases.put(Answer.error(401, "Invalid API Key"), ApiException.Unauthorized.class);
    cases.put(Answer.error(422, "too many tags"), ApiException.Refused.class);
    cases.put(
        Answer.error(404, "Not found").header("x-should-retry", "true"),
        ApiException.NotFound.class);
    cases.put(
        Answer.error(500, "half done").header("x-should-retry", "false"),
        ApiException.Unavailable.class);

    cases.forEach((answer, exception) -> {
      answers.add(answer);
      assertThatThrownBy(() -> fanfare.batchTrigger("t", List.of(1)))
          .isInstanceOf(exception)
          .hasMessageContaining(
              answer.body().substring("{\"error\":\"".length(), answer.body().length() - 2));
    });
    assertThat(server.requests()).hasSize(cases.size());
  }

  @Test
  void a_call_that_fails_on_every_try_throws_the_last_failure() {
    Fanfare twice = Fanfare.builder().url(server.url()).secretKey("k").maxTries(2).build();
    answers.add(Answer.lost());
    answers.add(Answer.lost());

    // A POST: the JDK repeats a lost GET by itself.
    assertThatThrownBy(() -> twice.trigger("t", 1))
        .isInstanceOf(ConnectionException.class)
        .hasMessageContaining(server.url());
    assertThat(server.requests()).hasSize(2);
  }

  @Test
  void a_future_completes_with_the_result_or_exception_of_its_call() {
    answers.add(Answer.ok(BATCH));
    assertThat(fanfare.async(f -> f.batchTrigger("t", List.of(1))).join().id())
        .isEqualTo("batch_1");

    answers.add(Answer.error(404, "Not found"));
    assertThatThrownBy(() -> fanfare.async(f -> f.runs().retrieve("run_a")).join())
        .hasCauseInstanceOf(ApiException.NotFound.class);
  }

  @Test
  void the_secret_key_is_never_shown() {
    answers.add(Answer.error(401, "Invalid API Key"));
    assertThat(fanfare.toString()).doesNotContain("tr_dev_secret");
    assertThatThrownBy(() -> fanfare.runs().retrieve("run_a"))
        .satisfies(e -> assertThat(e.toString()).doesNotContain("tr_dev_secret"));
    assertThatThrownBy(() -> Fanfare.builder().secretKey("tr_dev_secret\nx"))
        .satisfies(e -> assertThat(e.toString()).doesNotContain("tr_dev_secret"));
  }

  @Test
  void a_response_that_is_not_the_servers_is_a_connection_exception() {
    answers.add(Answer.ok("<html>welcome to the hotel</html>"));
    assertThatThrownBy(() -> fanfare.runs().retrieve("run_a"))
        .isInstanceOf(ConnectionException.class)
        .hasMessageContaining("The response is not a valid Run");
  }

  @Test
  void invalid_options_are_refused_before_anything_is_sent() {
    assertThatThrownBy(() -> options().tag(" ")).hasMessageContaining("tag");
    assertThatThrownBy(() -> options().tag("x".repeat(129))).hasMessageContaining("128");
    assertThatThrownBy(() -> options().tags(IntStream.range(0, 11).mapToObj(i -> "t" + i).toList()))
        .hasMessage("A run must have at most 10 tags");
    assertThatThrownBy(() -> options().maxAttempts(0)).hasMessageContaining("1 to 250");
    assertThatThrownBy(() -> Debounce.leading("", Duration.ofSeconds(1)))
        .hasMessageContaining("1 to 512");
    assertThatThrownBy(() -> Debounce.leading("k", Duration.ZERO)).hasMessageContaining("positive");
    assertThatThrownBy(
            () -> Debounce.leading("k", Duration.ofMillis(1)).maxDelay(Duration.ofMillis(9)))
        .hasMessageContaining("longer");
    assertThatThrownBy(() -> options().queue("no spaces")).hasMessageContaining("queue");
    assertThatThrownBy(() -> BatchOptions.idempotencyKey("no\nline")).hasMessageContaining("ASCII");
    assertThatThrownBy(() -> new RawJson("1},{")).hasMessageContaining("not JSON");
    assertThatThrownBy(() -> Fanfare.builder().url("127.0.0.1:3030"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void raw_json_keeps_its_text_inside_records_too() {
    record Envelope(RawJson inner, @org.jspecify.annotations.Nullable RawJson absent) {}
    answers.add(Answer.ok("{\"id\":\"run_a\",\"isCached\":false}"));

    fanfare.trigger("t", new Envelope(new RawJson("[1.50 ]"), null));
    assertThat(only().body()).isEqualTo("{\"payload\":{\"inner\":[1.50 ],\"absent\":null}}");

    Envelope read = fanfare.decode(new RawJson("{\"inner\": [1.50 ] }"), Envelope.class);
    assertThat(read.inner()).hasToString("[1.50 ]");
    assertThat(read.absent()).isNull();
  }
}
