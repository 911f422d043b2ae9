package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.API_RATE;
import static dev.fanfare.server.config.ServerSettings.BATCH_ITEMS_MAX;
import static dev.fanfare.server.config.ServerSettings.BATCH_RATE;
import static dev.fanfare.server.config.ServerSettings.TOKEN_RATE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.server.config.Rate;
import java.io.IOException;
import java.time.Instant;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Rate limits as clients see them, over real HTTP. The buckets refill too slowly to matter. */
class RateLimitContractTest {
  private static final String TRIGGER = "/api/v1/tasks/a/trigger";

  private static void assertAhead(String resetMillis) {
    long reset = Long.parseLong(resetMillis);
    long now = Instant.now().toEpochMilli();
    assertThat(reset).as("milliseconds, not seconds").isBetween(now - 60_000, now + 60_000);
  }

  private static String items(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> "{\"task\":\"a\"}")
        .collect(Collectors.joining(",", "{\"items\":[", "]}"));
  }

  @Test
  void every_response_reports_the_limit_and_beyond_it_a_problem_says_when_to_retry()
      throws IOException {
    try (TestServer server = TestServer.start(s -> s.with(API_RATE, new Rate(3, 1)))) {
      Reply first = server.post(TRIGGER, "{}");
      assertThat(first.header("x-ratelimit-limit")).isEqualTo("3");
      assertThat(first.header("x-ratelimit-remaining")).isEqualTo("2");
      assertAhead(first.header("x-ratelimit-reset"));
      Reply error = server.post(TRIGGER, "{");
      assertThat(error.status()).isEqualTo(400);
      assertThat(error.header("x-ratelimit-limit")).as("errors too").isEqualTo("3");

      Reply refused = server.post(TRIGGER, "{}");
      while (refused.status() == 200) {
        refused = server.post(TRIGGER, "{}");
      }
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.header("content-type")).isEqualTo("application/problem+json");
      assertThat(refused.header("x-ratelimit-remaining")).isEqualTo("0");
      assertAhead(refused.header("x-ratelimit-reset"));
      assertThat(refused.header("retry-after")).isEqualTo("1");
      JsonNode body = refused.json();
      assertThat(body.get("title").asString()).isEqualTo("Rate Limit Exceeded");
      assertThat(body.get("status").asInt()).isEqualTo(429);
      assertThat(body.get("reset")).hasToString(refused.header("x-ratelimit-reset"));
      assertThat(body.get("limit").asInt()).isEqualTo(3);
      assertThat(body.get("remaining").asInt()).isZero();
      assertThat(body.get("secondsUntilReset").asInt()).isEqualTo(1);
      assertThat(refused.error())
          .isEqualTo("Rate limit exceeded 0/3 requests remaining. Retry in 1 seconds.");
    }
  }

  @Test
  void each_token_has_its_own_bucket_separate_from_the_keys() throws IOException {
    try (TestServer server = TestServer.start(s -> s.with(TOKEN_RATE, new Rate(1, 1)))) {
      String one = server.token().with("jti", "one").scopes("trigger:tasks").sign(server.key);
      String two = server.token().with("jti", "two").scopes("trigger:tasks").sign(server.key);
      int refused = 0;
      for (int i = 0; i < 20; i++) {
        refused += server.postAs(one, TRIGGER, "{}").status() == 429 ? 1 : 0;
      }
      assertThat(refused).isPositive();
      assertThat(server.postAs(two, TRIGGER, "{}").status()).isEqualTo(200);
      assertThat(server.post(TRIGGER, "{}").status()).isEqualTo(200);
    }
  }

  @Test
  void BAT_20_a_batch_above_the_rate_limit_is_refused_completely_and_stores_nothing()
      throws IOException {
    try (TestServer server =
        TestServer.start(s -> s.with(BATCH_ITEMS_MAX, 100).with(BATCH_RATE, new Rate(100, 1)))) {
      assertThat(server.post("/api/v1/tasks/batch", items(60)).status()).isEqualTo(200);
      Reply refused = server.post("/api/v1/tasks/batch", items(60));
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.error())
          .matches("Batch rate limit exceeded\\. Limit resets at \\d{4}-\\d\\d-\\d\\dT.*Z");
      assertThat(refused.header("x-ratelimit-limit")).isEqualTo("100");
      assertThat(Integer.parseInt(refused.header("x-ratelimit-remaining"))).isBetween(40, 59);
      assertAhead(refused.header("x-ratelimit-reset"));
      assertThat(Integer.parseInt(refused.header("retry-after"))).isBetween(1, 20);
      assertThat(server.runs()).isEqualTo(60);
      assertThat(server.post("/api/v1/tasks/batch", items(40)).status())
          .as("what is left can be had")
          .isEqualTo(200);
      assertThat(server.post(TRIGGER, "{}").status()).as("a single is no batch").isEqualTo(200);
    }
  }

  @Test
  void TWO_24_items_of_an_accepted_batch_bypass_the_exhausted_rate_limit_ten_times()
      throws IOException {
    try (TestServer server = TestServer.start(s -> s.with(API_RATE, new Rate(2, 1)))) {
      String id = server.post("/api/v3/batches", "{\"runCount\":2}").json().get("id").asString();
      while (server.post(TRIGGER, "{}").status() != 429) {
        // until nothing is left
      }
      String items = "/api/v3/batches/" + id + "/items";
      String line = "{\"index\":0,\"task\":\"a\"}";
      for (int i = 0; i < 10; i++) {
        Reply free = server.post(items, line, "Content-Type", "application/x-ndjson");
        assertThat(free.status()).as(free.text()).isEqualTo(200);
        assertThat(free.header("x-ratelimit-limit")).isEmpty();
      }
      Reply counted = server.post(items, line, "Content-Type", "application/x-ndjson");
      assertThat(counted.header("x-ratelimit-limit")).as("from then on it counts").isEqualTo("2");
    }
  }

  @Test
  void streams_for_unadmitted_batches_count_against_the_limit() throws IOException {
    try (TestServer server = TestServer.start(s -> s.with(API_RATE, new Rate(2, 1)))) {
      int refused = 0;
      for (int i = 0; i < 20; i++) {
        String invented = "/api/v3/batches/batch_%025d/items".formatted(i);
        Reply reply = server.post(invented, "{}", "Content-Type", "application/x-ndjson");
        refused += reply.status() == 429 ? 1 : 0;
      }
      assertThat(refused).isPositive();
    }
  }

  @Test
  void workers_and_health_checks_are_never_limited() throws IOException {
    try (TestServer server = TestServer.start(s -> s.with(API_RATE, new Rate(1, 1)))) {
      for (int i = 0; i < 20; i++) {
        String session = "{\"name\":\"w\",\"slots\":1,\"tasks\":[]}";
        Reply worker = server.post("/worker/v1/sessions", session);
        assertThat(worker.status()).isNotEqualTo(429);
        assertThat(worker.header("x-ratelimit-limit")).isEmpty();
        assertThat(server.get("/health/live").status()).isEqualTo(200);
      }
    }
  }

  @Test
  void without_a_limit_no_rate_limit_headers_are_sent() throws IOException {
    try (TestServer server = TestServer.start(s -> s.with(API_RATE, Rate.NONE))) {
      assertThat(server.post(TRIGGER, "{}").header("x-ratelimit-limit")).isEmpty();
    }
  }
}
