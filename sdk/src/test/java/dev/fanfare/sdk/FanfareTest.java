package dev.fanfare.sdk;

import static dev.fanfare.sdk.TriggerOptions.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunStatus;
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
  void aTriggerSendsPayloadAndOptions() {
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
  void aDebouncedTriggerSaysHow() {
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
  void callsThatChangeARunSayWhatTheyChange() {
    answers.add(Answer.ok("{\"id\":\"run_a\"}"));
    answers.add(Answer.ok("{\"id\":\"run_b\"}"));
    answers.add(Answer.ok(RUN));
    answers.add(Answer.ok("{\"metadata\":{\"n\":1.50}}"));
    answers.add(Answer.ok("{\"id\":\"k/1\"}"));

    fanfare.cancelRun("run_a");
    String again =
        fanfare.replayRun("run_a", options().queue("q").lockToVersion("7").delay(Duration.ZERO));
    Run moved = fanfare.rescheduleRun("run_a", Instant.parse("2026-01-02T03:04:05Z"));
    RawJson metadata = fanfare.retrieveMetadata("run_a");
    fanfare.resetIdempotencyKey("t", "k/1");

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
    assertThatThrownBy(() -> fanfare.replayRun("run_a", options().test()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anUpdateThatCannotBeMadeTwiceIsSentOnce() {
    answers.add(Answer.lost());
    MetadataUpdate adding = MetadataUpdate.none().set("a", null).increment("n", 1);
    assertThatThrownBy(() -> fanfare.updateMetadata("run_a", adding))
        .isInstanceOf(ConnectionException.class);
    assertThat(only().body())
        .isEqualTo(
            "{\"operations\":[{\"type\":\"set\",\"key\":\"a\",\"value\":null},"
                + "{\"type\":\"increment\",\"key\":\"n\",\"value\":1}]}");

    answers.add(Answer.lost());
    answers.add(Answer.ok("{\"metadata\":{}}"));
    fanfare.updateMetadata("run_a", MetadataUpdate.none().delete("a").remove("list", "x"));
    assertThat(server.requests()).hasSize(3);
  }

  @Test
  void aKeyWithAScopeIsAHashAndBringsWhatWasHashed() {
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
  void aBatchOfOneTaskIsOneRequest() {
    answers.add(Answer.ok(BATCH));

    BatchHandle batch =
        fanfare.batchTrigger(
            SEND,
            List.of(new Email("ann", Instant.EPOCH), new Email("bob", Instant.EPOCH)),
            email -> options().tag("user:" + email.to()),
            BatchOptions.idempotencyKey("weekly-1").ttl(Duration.ofHours(1)));

    assertThat(batch.batchId()).isEqualTo("batch_1");
    assertThat(batch.runs()).containsExactly("run_a", "run_b");
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
  void aMixedBatchNamesTheTaskOfEachItem() {
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
  void whatIsTriggeredWithinARunNamesItAsItsParent() {
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
  void aBatchMustHaveOneToAThousandItems() {
    assertThatThrownBy(() -> fanfare.batchTrigger("t", List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A batch must have 1 to 1000 items, not 0");
    assertThatThrownBy(() -> fanfare.batchTrigger("t", Collections.nCopies(1_001, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A batch must have 1 to 1000 items, not 1001");
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void aThousandItemsGoOutWhole() {
    answers.add(Answer.ok(BATCH));
    fanfare.batchTrigger("t", IntStream.range(0, 1_000).boxed().toList());
    assertThat(only().body())
        .isEqualTo(
            IntStream.range(0, 1_000)
                .mapToObj(i -> "{\"payload\":" + i + "}")
                .collect(Collectors.joining(",", "{\"items\":[", "]}")));
  }

  @Test
  void halfASurrogatePairTravelsAsAnEscape() {
    answers.add(Answer.ok("{\"id\":\"run_a\",\"isCached\":false}"));
    answers.add(Answer.ok("{\"id\":\"run_a\",\"isCached\":false}"));

    fanfare.trigger("t", "a\ud800b");
    fanfare.trigger("t", new RawJson("\"a\udc00\ud83d\ude00\""));

    assertThat(server.requests().get(0).body())
        .isEqualToIgnoringCase("{\"payload\":\"a\\ud800b\"}");
    assertThat(server.requests().get(1).body()).isEqualTo("{\"payload\":\"a\\udc00\ud83d\ude00\"}");
  }

  @Test
  void whatIsTriedAgainCarriesTheSameMarkAndAnotherCallAnother() {
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
  void theServersWordOnWaitingGoesFirst() {
    long reset = System.currentTimeMillis() + 600;
    answers.add(Answer.error(429, "slow").header("x-ratelimit-reset", String.valueOf(reset)));
    answers.add(Answer.ok(BATCH));

    fanfare.batchTrigger("t", List.of(1));

    assertThat(System.currentTimeMillis()).isGreaterThanOrEqualTo(reset);
  }

  @Test
  void aRefusalIsNotTriedAgain() {
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
  void triesEndAndTheLastFailureIsTold() {
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
  void aRunIsReadWithItsJsonAsItStands() {
    answers.add(Answer.ok(RUN));

    Run run = fanfare.retrieveRun("run_a");

    assertThat(only().target()).isEqualTo("/api/v3/runs/run_a");
    assertThat(only().header("x-trigger-api-version")).isEqualTo("2025-07-16");
    assertThat(run.status()).isEqualTo(RunStatus.COMPLETED);
    assertThat(run.isCompleted()).isTrue();
    assertThat(run.isSuccess()).isTrue();
    assertThat(run.isTest()).isTrue();
    assertThat(run.payload()).hasToString("{ \"b\" : 1.0e5, \"a\":-0 }");
    assertThat(run.output()).hasToString("\"x\\ud83dy\"");
    assertThat(run.metadata()).hasToString("{\"n\":12345678901234567890}");
    assertThat(run.error()).isNull();
    assertThat(run.startedAt()).isNull();
    assertThat(run.attemptCount()).isEqualTo(2);
    assertThat((Object) fanfare.decode(run.metadata(), Map.class))
        .isEqualTo(Map.of("n", new java.math.BigInteger("12345678901234567890")));
    assertThatThrownBy(() -> fanfare.output(run, Email.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Email");
  }

  @Test
  void awaitingARunAsksUntilItIsFinalOrTimeIsUp() {
    answers.add(Answer.ok(RUN.replace("\"COMPLETED\"", "\"QUEUED\"")));
    answers.add(Answer.ok(RUN.replace("\"COMPLETED\"", "\"EXECUTING\"")));
    answers.add(Answer.ok(RUN));
    assertThat(fanfare.awaitRun("run_a", Duration.ofMinutes(1)).isCompleted()).isTrue();

    answers.add(Answer.ok(RUN.replace("\"COMPLETED\"", "\"QUEUED\"")));
    assertThat(fanfare.awaitRun("run_a", Duration.ZERO).isCompleted()).isFalse();
  }

  @Test
  void aListIsFetchedPageByPageAsItIsRead() {
    answers.add(
        Answer.ok("{\"data\":[" + RUN + "," + RUN + "],\"pagination\":{\"next\":\"c 1\"}}"));
    answers.add(Answer.ok("{\"data\":[" + RUN + "],\"pagination\":{}}"));

    List<Run> runs =
        fanfare
            .listRuns(
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

  @Test
  void aBatchAndItsResultsAreRead() {
    answers.add(
        Answer.ok(
            """
            {"id":"batch_1","status":"COMPLETED","createdAt":"2026-01-02T03:04:05.678Z",
             "updatedAt":"2026-01-02T03:04:06Z","runCount":2,"runs":["run_a","run_b"],
             "processing":{"errors":[]}}
            """));
    answers.add(
        Answer.ok(
            """
            {"id":"batch_1","items":[
              {"ok":true,"id":"run_a","output":"{\\"x\\":1.0}","outputType":"application/json"},
              {"ok":true,"id":"run_b","output":"hi","outputType":"text/plain"},
              {"ok":true,"id":"run_c","output":"{\\"json\\":[1],\\"meta\\":{}}",
               "outputType":"application/super+json"},
              {"ok":false,"id":"run_d","taskIdentifier":"t",
               "error":{"type":"BUILT_IN_ERROR","name":"E","message":"boom","stackTrace":""}}]}
            """));

    assertThat(fanfare.retrieveBatch("batch_1").status()).isEqualTo(BatchStatus.COMPLETED);
    List<RunResult> results = fanfare.batchResults("batch_1");

    assertThat(results).extracting(RunResult::ok).containsExactly(true, true, true, false);
    assertThat(results)
        .extracting(r -> String.valueOf(r.output()))
        .containsExactly("{\"x\":1.0}", "\"hi\"", "[1]", "null");
    assertThat(results.getLast().error().message()).isEqualTo("boom");
  }

  @Test
  void futuresEndWithTheSameResultsAndFailures() {
    answers.add(Answer.ok(BATCH));
    assertThat(fanfare.async(f -> f.batchTrigger("t", List.of(1))).join().batchId())
        .isEqualTo("batch_1");

    answers.add(Answer.error(404, "Not found"));
    assertThatThrownBy(() -> fanfare.async(f -> f.retrieveRun("run_a")).join())
        .hasCauseInstanceOf(ApiException.NotFound.class);
  }

  @Test
  void theKeyIsNeverShown() {
    answers.add(Answer.error(401, "Invalid API Key"));
    assertThat(fanfare.toString()).doesNotContain("tr_dev_secret");
    assertThatThrownBy(() -> fanfare.retrieveRun("run_a"))
        .satisfies(e -> assertThat(e.toString()).doesNotContain("tr_dev_secret"));
    assertThatThrownBy(() -> Fanfare.builder().secretKey("tr_dev_secret\nx"))
        .satisfies(e -> assertThat(e.toString()).doesNotContain("tr_dev_secret"));
  }

  @Test
  void anAnswerOfSomebodyElseIsToldAsSuch() {
    answers.add(Answer.ok("<html>welcome to the hotel</html>"));
    assertThatThrownBy(() -> fanfare.retrieveRun("run_a"))
        .isInstanceOf(ConnectionException.class)
        .hasMessageContaining("The answer is no Run");
  }

  @Test
  void optionsThatNoServerTakesAreRefusedAtOnce() {
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
  void rawJsonKeepsItsTextWithinRecordsToo() {
    record Envelope(RawJson inner, @org.jspecify.annotations.Nullable RawJson absent) {}
    answers.add(Answer.ok("{\"id\":\"run_a\",\"isCached\":false}"));

    fanfare.trigger("t", new Envelope(new RawJson("[1.50 ]"), null));
    assertThat(only().body()).isEqualTo("{\"payload\":{\"inner\":[1.50 ],\"absent\":null}}");

    Envelope read = fanfare.decode(new RawJson("{\"inner\": [1.50 ] }"), Envelope.class);
    assertThat(read.inner()).hasToString("[1.50 ]");
    assertThat(read.absent()).isNull();
  }
}
