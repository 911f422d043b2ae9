package dev.fanfare.server.worker.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.http.HttpError;
import java.util.List;
import org.junit.jupiter.api.Test;

class SessionCheckTest {
  private static SessionRequest request(TaskDefinition... tasks) {
    return new SessionRequest("host 1", "1.0", 10, List.of(tasks));
  }

  private static TaskDefinition task(RetryPolicy retry) {
    return new TaskDefinition("a", null, retry, null, null);
  }

  private static void refused(SessionRequest request, String where) {
    assertThatThrownBy(() -> SessionCheck.check(request, 100))
        .isInstanceOfSatisfying(
            HttpError.class,
            e -> {
              assertThat(e.response().status()).isEqualTo(400);
              assertThat(e).hasMessageContaining(where);
            });
  }

  @Test
  void a_valid_request_is_accepted() {
    assertThatCode(() ->
            SessionCheck.check(
                request(new TaskDefinition("a", new QueueDefinition("q/1", 1), null, null, null)),
                100))
        .doesNotThrowAnyException();
  }

  @Test
  void ATT_12_a_retry_policy_above_the_maximum_of_attempts_is_refused() {
    assertThatCode(
            () -> SessionCheck.check(request(task(new RetryPolicy(250, 0, 0, 1, true))), 100))
        .doesNotThrowAnyException();
    refused(request(task(new RetryPolicy(251, 0, 0, 1, true))), "tasks[0].retry.maxAttempts");
    refused(request(task(new RetryPolicy(0, 0, 0, 1, true))), "tasks[0].retry.maxAttempts");
  }

  @Test
  void an_invalid_retry_policy_is_refused_and_its_field_is_named() {
    refused(request(task(new RetryPolicy(3, -1, 0, 1, true))), "minTimeoutMillis");
    refused(request(task(new RetryPolicy(3, 5, 4, 1, true))), "maxTimeoutMillis");
    refused(request(task(new RetryPolicy(3, 0, 0, 0.5, true))), "factor");
    refused(request(task(new RetryPolicy(3, 0, 0, Double.NaN, true))), "factor");
    refused(request(task(new RetryPolicy(3, 0, 0, Double.POSITIVE_INFINITY, true))), "factor");
  }

  @Test
  void missing_duplicate_and_invalid_fields_are_refused_and_named() {
    refused(request(), "tasks");
    refused(request(task(null), task(null)), "tasks[1].id");
    refused(request(new TaskDefinition(null, null, null, null, null)), "tasks[0].id");
    refused(
        request(new TaskDefinition("a", new QueueDefinition("q", 0), null, null, null)),
        "concurrencyLimit");
    refused(
        request(new TaskDefinition("a", new QueueDefinition("q q", 1), null, null, null)),
        "queue.name");
    refused(
        request(new TaskDefinition("a", null, null, 4_999L, null)), "tasks[0].maxDurationMillis");
    refused(request(new TaskDefinition("a", null, null, null, 999L)), "tasks[0].ttlMillis");
    refused(new SessionRequest("host", "1", 0, List.of(task(null))), "slots");
    refused(new SessionRequest("host", "1", 101, List.of(task(null))), "slots");
    refused(new SessionRequest("", "1", 1, List.of(task(null))), "name");
    refused(new SessionRequest("host", null, 1, List.of(task(null))), "version");
  }
}
