package dev.fanfare.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.sdk.StandInServer.Answer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BatchesTest {
  private static final String BATCH =
      """
      {"id":"batch_1","status":"COMPLETED","createdAt":"2026-01-02T03:04:05.678Z",
       "updatedAt":"2026-01-02T03:04:06Z","runCount":2,"runs":["run_a","run_b"],
       "processing":{"errors":[]}}
      """;

  private final Deque<Answer> answers = new ArrayDeque<>();
  private final StandInServer server = new StandInServer(request -> answers.removeFirst());
  private final Fanfare fanfare = server.client();

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void a_batch_and_its_results_are_read() {
    answers.add(Answer.ok(BATCH));
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

    assertThat(fanfare.batches().retrieve("batch_1").status()).isEqualTo(BatchStatus.COMPLETED);
    List<RunResult> results = fanfare.batches().results("batch_1");

    assertThat(results)
        .extracting(RunResult::isSuccessful)
        .containsExactly(true, true, true, false);
    assertThat(results)
        .extracting(r -> String.valueOf(r.output()))
        .containsExactly("{\"x\":1.0}", "\"hi\"", "[1]", "null");
    assertThat(results.getLast().error().message()).isEqualTo("boom");
  }

  @Test
  void await_polls_until_the_batch_is_final_or_the_timeout_elapsed() {
    answers.add(Answer.ok(BATCH.replace("COMPLETED", "PENDING")));
    answers.add(Answer.ok(BATCH));
    Batch batch = fanfare.batches().await("batch_1", Duration.ofMinutes(1));
    assertThat(batch.isFinal()).isTrue();
    assertThat(batch.runIds()).containsExactly("run_a", "run_b");

    answers.add(Answer.ok(BATCH.replace("COMPLETED", "PROCESSING")));
    assertThat(fanfare.batches().await("batch_1", Duration.ZERO).isFinal()).isFalse();
  }
}
