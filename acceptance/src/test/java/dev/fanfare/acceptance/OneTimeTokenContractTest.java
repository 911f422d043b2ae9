package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** One-time tokens, over real HTTP. */
class OneTimeTokenContractTest {
  private static final String ITEMS = "{\"items\":[{\"task\":\"a\"},{\"task\":\"a\"}]}";
  @AutoClose private static final TestServer server = TestServer.start();
  private static int made;

  private static String oneTime() {
    return server
        .token()
        .with("jti", "token " + ++made)
        .with("otu", true)
        .scopes("trigger:tasks", "batchTrigger:tasks", "read:runs")
        .sign(server.key);
  }

  private static Reply trigger(String token, String... headers) {
    return server.postAs(token, "/api/v1/tasks/a/trigger", "{}", headers);
  }

  private static Reply batch(String token, String... headers) {
    return server.postAs(token, "/api/v1/tasks/batch", ITEMS, headers);
  }

  private static void assertUsed(Reply reply, String what) {
    assertThat(reply.status()).isEqualTo(422);
    assertThat(reply.error())
        .isEqualTo("Cannot " + what + " with a one-time use token as it has already been used.");
  }

  @Test
  void the_second_trigger_is_rejected_and_stores_nothing() {
    String token = oneTime();
    assertThat(trigger(token).status()).isEqualTo(200);
    int before = server.runs();
    assertUsed(trigger(token), "trigger a");
    assertUsed(batch(token), "batch trigger");
    assertThat(server.runs()).isEqualTo(before);
  }

  @Test
  void the_second_batch_is_rejected_and_stores_nothing() {
    String token = oneTime();
    assertThat(batch(token).status()).isEqualTo(200);
    int before = server.runs();
    assertUsed(batch(token), "batch trigger");
    assertUsed(trigger(token), "trigger a");
    assertThat(server.runs()).isEqualTo(before);
  }

  @Test
  void a_used_token_still_reads() {
    String token = oneTime();
    String id = trigger(token).json().get("id").asString();
    assertThat(server.getAs(token, "/api/v3/runs/" + id).status()).isEqualTo(200);
  }

  @Test
  void a_rejected_request_does_not_use_up_the_token() {
    String token = oneTime();
    assertThat(server.postAs(token, "/api/v1/tasks/a/trigger", "{").status()).isEqualTo(400);
    assertThat(trigger(token).status()).isEqualTo(200);
  }

  @Test
  void a_repeated_request_gets_the_same_response() {
    String token = oneTime();
    String mark = "x-trigger-request-idempotency-key";
    String run = trigger(token, mark, "one").json().get("id").asString();
    assertThat(trigger(token, mark, "one").json().get("id").asString()).isEqualTo(run);
    assertUsed(trigger(token, mark, "two"), "trigger a");

    String other = oneTime();
    String batch = batch(other, mark, "three").json().get("batchId").asString();
    assertThat(batch(other, mark, "three").json().get("batchId").asString()).isEqualTo(batch);
  }

  @Test
  void a_cached_trigger_does_not_use_up_the_token() {
    String first = oneTime();
    String second = oneTime();
    String key = "idempotency-key";
    String run = trigger(first, key, "k").json().get("id").asString();
    assertThat(trigger(first, key, "k").json().get("id").asString()).isEqualTo(run);
    assertThat(trigger(second, key, "k").json().get("id").asString()).isEqualTo(run);
    assertThat(trigger(second).status()).isEqualTo(200);

    String third = oneTime();
    String batch = batch(third, key, "b").json().get("batchId").asString();
    assertThat(batch(third, key, "b").json().get("batchId").asString()).isEqualTo(batch);
  }

  @Test
  void a_one_time_token_without_expiry_is_used_up_too() {
    String token =
        server
            .token()
            .with("otu", true)
            .with("exp", 9_000_000_000_000L)
            .scopes("trigger:tasks")
            .sign(server.key);
    assertThat(trigger(token).status()).isEqualTo(200);
    assertUsed(trigger(token), "trigger a");
  }

  private static Jwt issued(Duration ago) {
    return server
        .token()
        .with("otu", true)
        .with("exp", 9_000_000_000_000L)
        .with("iat", Instant.now().minus(ago).getEpochSecond())
        .scopes("trigger:tasks", "read:runs");
  }

  private static void assertInvalid(Reply reply) {
    assertThat(reply.status()).isEqualTo(401);
    assertThat(reply.error()).isEqualTo("Public Access Token is invalid");
  }

  @Test
  void a_one_time_token_expires_at_the_latest_a_year_after_its_issue() {
    assertThat(trigger(issued(Duration.ofDays(365)).sign(server.key)).status()).isEqualTo(200);
    String old = issued(Duration.ofDays(367)).sign(server.key);
    assertInvalid(trigger(old));
    assertInvalid(server.getAs(old, "/api/v1/runs"));
    String other = issued(Duration.ofDays(367)).with("otu", false).sign(server.key);
    assertThat(trigger(other).status()).isEqualTo(200);
  }

  @Test
  void a_one_time_token_that_claims_a_later_issue_is_not_valid_yet() {
    assertThat(trigger(issued(Duration.ofHours(-23)).sign(server.key)).status()).isEqualTo(200);
    assertInvalid(trigger(issued(Duration.ofHours(-25)).sign(server.key)));
  }

  @Test
  void a_one_time_token_without_issue_is_valid_in_the_last_year_before_its_expiry() {
    Jwt token = issued(Duration.ZERO).without("iat");
    assertInvalid(trigger(token.sign(server.key)));
    long inAYear = Instant.now().plus(Duration.ofDays(365)).getEpochSecond();
    String valid = token.with("exp", inAYear).sign(server.key);
    assertThat(trigger(valid).status()).isEqualTo(200);
    assertUsed(trigger(valid), "trigger a");
  }
}
