package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.API_RATE;
import static dev.fanfare.server.config.ServerSettings.BATCH_BODY_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.BATCH_ITEMS_MAX;
import static dev.fanfare.server.config.ServerSettings.BATCH_RATE;
import static dev.fanfare.server.config.ServerSettings.TRIGGER_BODY_BYTES_MAX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.server.config.Rate;
import dev.fanfare.server.config.ServerSettings;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * All errors of the public API in one table: each row has a request and the expected status,
 * headers and body. Clients show the error texts to users, so the texts are part of the contract.
 */
class ErrorCatalogueTest {
  private static final String TRIGGER = "/api/v1/tasks/echo/trigger";
  private static final String BATCH = "/api/v1/tasks/echo/batch";
  private static final String BATCHES = "/api/v1/tasks/batch";
  private static final String BATCHES_2 = "/api/v2/tasks/batch";
  private static final String ANNOUNCE = "/api/v3/batches";
  private static final String ANNOUNCED = ANNOUNCE + "/";
  private static final String ISSUES =
      "[{\"code\":\"custom\",\"path\":[\"scopes\"],\"message\":\"*\"}]";
  private static final String RUN = "run_0000000000000000000000000";
  private static final String BATCH_ID = "batch_0000000000000000000000000";
  private static final int ITEMS_MAX = 3;
  private static final int ITEM_BYTES_MAX = 1_000;
  private static final int BODY_BYTES_MAX = 300_000;

  private static TestServer server;

  /** A public token that reads one run. */
  private static String token;

  /** A one-time token that has triggered a run. */
  private static String usedUp;

  /** A streamed batch of three items that have not been sent. */
  private static String announced;

  @BeforeAll
  static void start() throws IOException {
    server =
        TestServer.start(config ->
            config
                .with(BATCH_ITEMS_MAX, ITEMS_MAX)
                .with(ServerSettings.STREAMED_BATCH_ITEMS_MAX, ITEMS_MAX + 1)
                .with(ServerSettings.ITEM_BYTES_MAX, ITEM_BYTES_MAX)
                .with(TRIGGER_BODY_BYTES_MAX, BODY_BYTES_MAX)
                .with(BATCH_BODY_BYTES_MAX, BODY_BYTES_MAX));
    token = server.post(TRIGGER, "{}").header("x-trigger-jwt");
    usedUp =
        server
            .token()
            .with("otu", true)
            .scopes("trigger:tasks", "batchTrigger:tasks")
            .sign(server.key);
    assertThat(server.postAs(usedUp, TRIGGER, "{}").status()).isEqualTo(200);
    server.post(ANNOUNCE, "{\"runCount\":3,\"idempotencyKey\":\"streamed\"}");
    server.post(BATCHES, items("{\"task\":\"echo\"}"), "idempotency-key", "in one request");
    announced = server.post(ANNOUNCE, "{\"runCount\":3}").json().get("id").asString();
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  private static ErrorRow row(String name) {
    return new ErrorRow(name, server.key);
  }

  private static String signed(String... scopes) {
    return server.token().scopes(scopes).sign(server.key);
  }

  private static String options(String json) {
    return "{\"options\":{" + json + "}}";
  }

  private static String items(String... items) {
    return "{\"items\":[" + String.join(",", items) + "]}";
  }

  /** An invalid item after a valid one: the response says which item is invalid. */
  private static String second(String json) {
    return items("{\"task\":\"echo\"}", "{\"task\":\"echo\",\"options\":{" + json + "}}");
  }

  private static String details(String error, String path) {
    return """
    {"error":"%s","details":[{"code":"custom","path":["%s"],"message":"*"}]}\
    """
        .formatted(error, path);
  }

  static Stream<ErrorRow> bodies() {
    String eleven =
        "\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\"]";
    String longMetadata = "\"metadata\":\"" + "m".repeat(262_144) + "\"";
    String longBody = "{\"payload\":\"" + "p".repeat(BODY_BYTES_MAX) + "\"}";
    String longPayload = "{\"task\":\"echo\",\"payload\":\"" + "p".repeat(ITEM_BYTES_MAX) + "\"}";
    String reference = "{\"payload\":7,\"options\":{\"payloadType\":\"application/store\"}}";
    String four = items("{}", "{}", "{}", "{}");
    return Stream.of(
        row("an empty body").post(TRIGGER, "").error(400, "Request body is empty"),
        row("an empty batch body").post(BATCH, "").error(400, "Request body is empty"),
        row("an empty body of batches").post(BATCHES, "").error(400, "Request body is empty"),
        row("no JSON").post(TRIGGER, "payload=1").error(400, "Invalid JSON"),
        row("no JSON as batch").post(BATCH, "{\"items\":[}").error(400, "Invalid JSON"),
        row("no JSON as batches").post(BATCHES, "{} {}").error(400, "Invalid JSON"),
        row("null")
            .post(TRIGGER, "null")
            .error(400, "Validation error: the body must be an object"),
        row("a list").post(BATCH, "[]").error(400, "Validation error: the body must be an object"),
        row("no items").post(BATCHES, "{}").error(400, "Validation error: items: is required"),
        row("an option of the wrong type")
            .post(TRIGGER, options("\"maxAttempts\":\"3\""))
            .error(400, "Validation error: options.maxAttempts: *"),
        row("an option of the wrong type in a batch")
            .post(BATCHES, second("\"test\":1"))
            .error(400, "Validation error: items[1].options.test: must be true or false"),
        row("an item without a task")
            .post(BATCHES, items("{}"))
            .error(400, "Validation error: items[0].task: is required"),
        row("an empty list of items").post(BATCH, items()).error(400, "No items to trigger"),
        row("an empty list of items of many tasks")
            .post(BATCHES, items())
            .error(400, "Batch cannot be triggered with no items"),
        row("too many items")
            .post(BATCH, four)
            .error(400, "Too many items. Maximum allowed batch size is 3."),
        row("too many items of many tasks")
            .post(BATCHES, four.replace("{}", "{\"task\":\"echo\"}"))
            .error(400, "Batch size of 4 is too large. Maximum allowed batch size is 3."),
        row("an invalid reference")
            .post(TRIGGER, reference)
            .error(
                400,
                "payload must be a non-empty string when options.payloadType is application/store"),
        row("a body too long").post(TRIGGER, longBody).error(413, "Request body too large"),
        row("a batch too long").post(BATCH, items(longBody)).error(413, "Request body too large"),
        row("a batch of many tasks too long")
            .post(BATCHES, items(longBody))
            .error(413, "Request body too large"),
        row("a payload too long")
            .post(BATCHES, items(longPayload))
            .error(413, "items[0]: the payload has 1002 bytes, the maximum is 1000 bytes"),
        row("metadata too long")
            .post(TRIGGER, options(longMetadata))
            .error(413, "Metadata exceeds maximum size of 262144 bytes"),
        row("metadata too long in a batch")
            .post(BATCHES, second(longMetadata))
            .error(413, "items[1]: Metadata exceeds maximum size of 262144 bytes"),
        row("too many tags")
            .post(TRIGGER, options(eleven))
            .error(422, "Runs can only have 10 tags, you're trying to set 11."),
        row("too many tags in a batch")
            .post(BATCHES, second(eleven))
            .error(422, "items[1]: Runs can only have 10 tags, you're trying to set 11."),
        row("an invalid delay")
            .post(TRIGGER, options("\"delay\":\"soon\""))
            .error(
                422,
                "options.delay: must be a duration such as 1h30m (w, d, h, m, s) or an ISO date,"
                    + " not \"soon\""),
        row("an invalid delay in a batch")
            .post(BATCHES, second("\"delay\":\"soon\""))
            .error(422, "items[1].options.delay: *"),
        row("an invalid ttl")
            .post(TRIGGER, options("\"ttl\":\"never\""))
            .error(422, "options.ttl: must be a duration such as 1h30m (w, d, h, m, s) or seconds"),
        row("a version that no worker had")
            .post(TRIGGER, options("\"lockToVersion\":\"7\""))
            .error(422, "Task locked to version '7', but no worker found with that version."),
        row("a version that no worker had in a batch")
            .post(BATCHES, second("\"lockToVersion\":\"7\""))
            .error(
                422,
                "items[1]: Task locked to version '7', but no worker found with that version."),
        row("an invalid debounce delay")
            .post(TRIGGER, options("\"debounce\":{\"key\":\"k\",\"delay\":\"soon\"}"))
            .error(422, "Debounce requires a valid delay duration. Provided: soon"),
        row("a debounce delay of zero in a batch")
            .post(BATCHES, second("\"debounce\":{\"key\":\"k\",\"delay\":\"0s\"}"))
            .error(422, "items[1]: Debounce requires a valid delay duration. Provided: 0s"),
        row("an invalid debounce delay beside a delay")
            .post(
                TRIGGER,
                options("\"debounce\":{\"key\":\"k\",\"delay\":\"soon\"},\"delay\":\"1h\""))
            .error(
                422, "Invalid debounce delay: soon. It must be a duration such as 30s or 1h30m."),
        row("a longest debounce delay not longer than the delay")
            .post(
                TRIGGER,
                options("\"debounce\":{\"key\":\"k\",\"delay\":\"60s\",\"maxDelay\":\"1m\"}"))
            .error(422, "debounce.maxDelay (1m) must be longer than debounce.delay (60s)."),
        row("a debounce without a key")
            .post(TRIGGER, options("\"debounce\":{\"delay\":\"1s\"}"))
            .error(400, "Validation error: options.debounce.key: must have 1 to 512 characters"),
        row("a debounce without a delay")
            .post(TRIGGER, options("\"debounce\":{\"key\":\"k\"}"))
            .error(400, "Validation error: options.debounce.delay: is required"),
        row("an invalid longest debounce delay")
            .post(
                TRIGGER,
                options("\"debounce\":{\"key\":\"k\",\"delay\":\"1s\",\"maxDelay\":\"x\"}"))
            .error(
                422, "Invalid debounce maxDelay: x. It must be a duration such as 30s or 1h30m."));
  }

  /** The batches that the SDKs send since version 4.0. */
  static Stream<ErrorRow> laterBatches() {
    String items = ANNOUNCED + announced + "/items";
    String item = "{\"index\":0,\"task\":\"echo\"}";
    return Stream.of(
        row("an empty body, version 2").post(BATCHES_2, "").error(400, "Request body is empty"),
        row("no JSON, version 2").post(BATCHES_2, "{").error(400, "Invalid JSON"),
        row("no items, version 2")
            .post(BATCHES_2, items())
            .error(400, "Batch cannot be triggered with no items"),
        row("too many items, version 2")
            .post(BATCHES_2, items("{}", "{}", "{}", "{}").replace("{}", "{\"task\":\"echo\"}"))
            .error(400, "Batch size of 4 is too large. Maximum allowed batch size is 3."),
        row("a wrong option, version 2")
            .post(BATCHES_2, second("\"test\":1"))
            .error(400, "Validation error: items[1].options.test: must be true or false"),
        row("an invalid strategy, version 2")
            .post(BATCHES_2, items("{\"task\":\"echo\"}"))
            .sending("batch-processing-strategy", "random")
            .gets(400, details("Headers Error", "batch-processing-strategy")),
        row("a number of runs that is none")
            .get("/api/v2/batches/" + announced + "?maxRuns=x")
            .gets(
                400,
                """
                {"error":"Query Error","details":[{"code":"custom","path":["maxRuns"],\
                "message":"Must be a number"}]}\
                """),
        row("an empty announcement").post(ANNOUNCE, "").error(400, "Request body is empty"),
        row("an announcement that is not JSON").post(ANNOUNCE, "{").error(400, "Invalid JSON"),
        row("a count of zero")
            .post(ANNOUNCE, "{\"runCount\":0}")
            .error(400, "runCount must be a positive integer"),
        row("a count above the limit")
            .post(ANNOUNCE, "{\"runCount\":5}")
            .error(400, "Batch runCount of 5 exceeds maximum allowed of 4."),
        row("an announcement that is open-ended and has a count")
            .post(ANNOUNCE, "{\"runCount\":1,\"openEnded\":true}")
            .error(400, "Validation error: openEnded: excludes runCount"),
        row("an announcement that is not clearly open-ended")
            .post(ANNOUNCE, "{\"openEnded\":1}")
            .error(400, "Validation error: openEnded: must be true or false"),
        row("a last stream with an invalid count").stream(items + "?runCount=0", item)
            .error(400, "runCount must be a positive integer"),
        row("a last stream with a count above the limit").stream(items + "?runCount=5", item)
            .error(400, "Batch runCount of 5 exceeds maximum allowed of 4."),
        row("a last stream with another count").stream(items + "?runCount=2", item)
            .error(422, "The batch has 3 items, not 2"),
        row("a key too long in an announcement")
            .post(ANNOUNCE, "{\"runCount\":1,\"idempotencyKey\":\"" + "k".repeat(2_049) + "\"}")
            .error(400, "Validation error: idempotencyKey: *"),
        row("an announcement too long")
            .post(ANNOUNCE, "{\"runCount\":1,\"x\":\"" + "x".repeat(140_000) + "\"}")
            .error(413, "Request body too large"),
        row("another content type").stream(items, item)
            .sending("Content-Type", "application/json")
            .error(415, "Content-Type must be application/x-ndjson or application/ndjson"),
        row("an empty stream").stream(items, "").error(400, "Request body is required"),
        row("a GET of a stream").get(items).error(405, "Method not allowed").with("Allow", "POST"),
        row("an invalid batch").stream(ANNOUNCED + "x/items", item)
            .error(422, "Invalid batchFriendlyId: x"),
        row("an unknown batch").stream(ANNOUNCED + BATCH_ID + "/items", item)
            .error(422, "Batch " + BATCH_ID + " not found"),
        row("a line that is not JSON").stream(items, "\n" + item + "\n{")
            .error(400, "Invalid JSON at line 3: *"),
        row("an item without a task").stream(items, "{\"index\":1}")
            .error(422, "Invalid item at index 1: *"),
        row("an index past the count").stream(items, item.replace("0", "3"))
            .error(422, "Item index 3 exceeds batch runCount 3"));
  }

  /** Errors of public access tokens, and of requests that create them. */
  static Stream<ErrorRow> tokens() {
    String forbidden =
        """
        {"error":"Unauthorized","code":"unauthorized","param":"access_token","type":"authorization"}\
        """;
    String onlyA = signed("trigger:tasks:a", "batchTrigger:tasks:a");
    String make = "/api/v1/auth/public-tokens";
    String scopes = "{\"scopes\":[\"read:runs\"],\"expirationTime\":";
    return Stream.of(
        row("a token for another task").post(TRIGGER, "{}").as(onlyA).gets(403, forbidden),
        row("a token for one of two tasks")
            .post(BATCHES, items("{\"task\":\"a\"}", "{\"task\":\"echo\"}"))
            .as(onlyA)
            .gets(403, forbidden),
        row("a token for another task, version 2")
            .post(BATCHES_2, items("{\"task\":\"echo\"}"))
            .as(onlyA)
            .gets(403, forbidden),
        row("a token for another task in an announcement")
            .post(ANNOUNCE, "{\"runCount\":1,\"taskIdentifiers\":[\"echo\"]}")
            .as(onlyA)
            .gets(403, forbidden),
        row("a token for another task in a stream").stream(
                ANNOUNCED + announced + "/items", "{\"index\":0,\"task\":\"echo\"}")
            .as(onlyA)
            .gets(403, forbidden),
        row("a token of an unknown environment")
            .post(TRIGGER, "{}")
            .as(server.token().with("sub", "env_0").scopes("admin").sign(server.key))
            .error(401, "Invalid Public Access Token"),
        row("an expired token")
            .post(TRIGGER, "{}")
            .as(server.token().expired().scopes("admin").sign(server.key))
            .error(401, "Public Access Token is invalid"),
        row("a token that creates tokens").post(make, "{}").as(onlyA).error(401, "Invalid API key"),
        row("a one-time token that is used up")
            .post(TRIGGER, "{}")
            .as(usedUp)
            .error(
                422, "Cannot trigger echo with a one-time use token as it has already been used."),
        row("a one-time token that is used up, for a batch")
            .post(BATCHES, items("{\"task\":\"echo\"}"))
            .as(usedUp)
            .error(
                422, "Cannot batch trigger with a one-time use token as it has already been used."),
        row("the key of a streamed batch, for a batch")
            .post(BATCHES, items("{\"task\":\"echo\"}"))
            .sending("idempotency-key", "streamed")
            .error(
                422,
                "Cannot batch trigger as it has already been triggered with the same idempotency"
                    + " key."),
        row("the key of a batch, for an announcement")
            .post(ANNOUNCE, "{\"runCount\":1,\"idempotencyKey\":\"in one request\"}")
            .error(
                422,
                "Cannot create batch as it has already been created with the same idempotency"
                    + " key."),
        row("a one-time token that is used up, for an announcement")
            .post(ANNOUNCE, "{\"runCount\":1,\"taskIdentifiers\":[\"echo\"]}")
            .as(usedUp)
            .error(
                422, "Cannot create batch with a one-time use token as it has already been used."),
        row("a token without scopes")
            .post(make, "{\"scopes\":[]}")
            .gets(400, "{\"error\":\"Invalid request body\",\"issues\":" + ISSUES + "}"),
        row("a token with an invalid expiry")
            .post(make, scopes + "\"soon\"}")
            .error(400, "Invalid expiration time"),
        row("a token with an expiry in the past")
            .post(make, scopes + "1}")
            .error(400, "Expiration time must be in the future"),
        row("a token that lives too long")
            .post(make, scopes + "\"31 days\"}")
            .error(400, "Expiration time cannot exceed 30 days"));
  }

  static Stream<ErrorRow> headersAndQueries() {
    return Stream.of(
        row("an invalid strategy")
            .post(BATCHES, items("{\"task\":\"echo\"}"))
            .sending("batch-processing-strategy", "random")
            .gets(400, details("Headers Error", "batch-processing-strategy")),
        row("a key too long in the header")
            .post(TRIGGER, "{}")
            .sending("idempotency-key", "k".repeat(2_049))
            .gets(400, details("Headers Error", "idempotency-key")),
        row("a key too long in the header of a batch")
            .post(BATCH, items("{}"))
            .sending("idempotency-key", "k".repeat(2_049))
            .gets(400, details("Headers Error", "idempotency-key")),
        row("an invalid status")
            .get("/api/v1/runs?filter%5Bstatus%5D=ASLEEP")
            .gets(400, details("Query Error", "filter[status]")),
        row("a page size of zero")
            .get("/api/v1/runs?page%5Bsize%5D=0")
            .gets(400, details("Query Error", "page[size]")),
        row("an invalid cursor")
            .get("/api/v1/runs?page%5Bafter%5D=x")
            .gets(400, details("Query Error", "page[after]")),
        row("a task too long in the path")
            .post("/api/v1/tasks/" + "t".repeat(300) + "/trigger", "{}")
            .error(400, "Validation error: taskIdentifier: *"));
  }

  static Stream<ErrorRow> credentialsAndPaths() {
    String none = "No authorization header provided";
    String unauthorized =
        """
        {"title":"Unauthorized","status":401,"type":"https:*","detail":"%s","error":"%s"}\
        """
            .formatted(none, none);
    String forbidden =
        """
        {"error":"Unauthorized","code":"unauthorized","param":"access_token","type":"authorization"}\
        """;
    String forged = token.substring(0, token.length() - 4) + "AAAA";
    return Stream.of(
        row("no credential")
            .post(TRIGGER, "{}")
            .as("")
            .gets(401, unauthorized)
            .with("Content-Type", "application/problem+json"),
        row("an empty credential")
            .post(TRIGGER, "{}")
            .as("")
            .sending("Authorization", "Bearer ")
            .error(401, "Invalid or Missing API key"),
        row("an unknown key")
            .post(BATCH, "{}")
            .as("tr_dev_000000000000000000000000")
            .error(401, "Invalid API key"),
        row("a personal token")
            .post(BATCHES, "{}")
            .as("tr_pat_0123456789abcdef")
            .error(401, "Invalid API key"),
        row("an obsolete public key")
            .get("/api/v1/runs")
            .as("pk_dev_x")
            .error(401, "Invalid API key"),
        row("a public token where only keys are allowed")
            .post(BATCH, items("{}"))
            .as(token)
            .error(401, "Invalid API key"),
        row("a forged public token")
            .get("/api/v1/runs")
            .as(forged)
            .error(401, "Public Access Token is invalid"),
        row("a public token for something else").get("/api/v1/runs").as(token).gets(403, forbidden),
        row("no such run")
            .get("/api/v3/runs/" + RUN)
            .error(404, "Not found")
            .with("x-should-retry", "true"),
        row("no such result")
            .get("/api/v1/runs/" + RUN + "/result")
            .error(404, "Run either doesn't exist or is not finished"),
        row("no such batch")
            .get("/api/v2/batches/" + BATCH_ID)
            .error(404, "Not found")
            .with("x-should-retry", "true"),
        row("no such results")
            .get("/api/v1/batches/" + BATCH_ID + "/results")
            .error(404, "Batch not found"),
        row("no such path").get("/api/v1/nothing").error(404, "Not found"),
        row("another method")
            .post(TRIGGER, "")
            .method("PUT")
            .error(405, "Method not allowed")
            .with("Allow", "POST"),
        row("another method on a run")
            .get("/api/v3/runs/" + RUN)
            .method("DELETE")
            .error(405, "Method not allowed")
            .with("Allow", "GET, HEAD"));
  }

  /** Two errors at once: the earlier check determines the response. */
  static Stream<ErrorRow> order() {
    String tooLong = "x".repeat(BODY_BYTES_MAX + 1);
    String longKey = "k".repeat(2_049);
    return Stream.of(
        row("credential before size")
            .post(TRIGGER, tooLong)
            .as("tr_dev_000000000000000000000000")
            .error(401, "Invalid API key"),
        row("method before credential")
            .get(TRIGGER)
            .as("")
            .error(405, "Method not allowed")
            .with("Allow", "POST"),
        row("size before headers")
            .post(TRIGGER, tooLong)
            .sending("idempotency-key", longKey)
            .error(413, "Request body too large"),
        row("size before headers of a batch")
            .post(BATCHES, tooLong)
            .sending("batch-processing-strategy", "random")
            .error(413, "Request body too large"),
        row("headers before JSON")
            .post(TRIGGER, "nonsense")
            .sending("idempotency-key", longKey)
            .gets(400, details("Headers Error", "idempotency-key")),
        row("headers before the JSON of a batch")
            .post(BATCH, "nonsense")
            .sending("idempotency-key", longKey)
            .gets(400, details("Headers Error", "idempotency-key")),
        row("credential before what is asked for")
            .get("/api/v3/runs/" + RUN)
            .as("tr_dev_000000000000000000000000")
            .error(401, "Invalid API key"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({
    "bodies",
    "laterBatches",
    "tokens",
    "headersAndQueries",
    "credentialsAndPaths",
    "order"
  })
  void each_error_has_its_status_headers_and_body_and_stores_nothing(ErrorRow row) {
    int before = server.runs();
    Reply reply =
        server.send(
            row.method,
            row.path,
            HttpRequest.BodyPublishers.ofString(row.body),
            row.credential,
            row.requestHeaders.toArray(String[]::new));
    assertThat(reply.status()).as(reply.text()).isEqualTo(row.status);
    assertThat(reply.header("Content-Type"))
        .startsWith(row.headers.getOrDefault("Content-Type", "application/json"));
    row.assertAnswers(reply.json());
    row.headers.forEach((name, value) -> assertThat(reply.header(name)).isEqualTo(value));
    // Clients retry a 4xx only if a header says so.
    assertThat(reply.header("x-should-retry"))
        .isEqualTo(row.headers.getOrDefault("x-should-retry", ""));
    assertThat(server.runs()).isEqualTo(before);
  }

  @Test
  void too_many_requests_and_too_many_items_are_rejected_with_a_retry_time() throws IOException {
    try (TestServer small =
        TestServer.start(s ->
            s.with(API_RATE, new Rate(9, 1))
                .with(BATCH_ITEMS_MAX, 2)
                .with(BATCH_RATE, new Rate(2, 1)))) {
      String two = items("{\"task\":\"echo\"}", "{\"task\":\"echo\"}");
      assertThat(small.post(BATCHES, two).status()).isEqualTo(200);
      Reply items = small.post(BATCHES, two);
      assertThat(items.status()).isEqualTo(429);
      assertThat(items.error()).startsWith("Batch rate limit exceeded. Limit resets at ");
      Reply requests = items;
      while (!requests.header("Content-Type").startsWith("application/problem+json")) {
        requests = small.post(TRIGGER, "{");
      }
      assertThat(requests.status()).isEqualTo(429);
      assertThat(requests.error())
          .isEqualTo("Rate limit exceeded 0/9 requests remaining. Retry in 1 seconds.");
      for (Reply refused : List.of(items, requests)) {
        assertThat(refused.header("Retry-After")).isNotEmpty();
        assertThat(refused.header("x-ratelimit-limit")).isNotEmpty();
        assertThat(refused.header("x-ratelimit-remaining")).isNotEmpty();
        assertThat(refused.header("x-ratelimit-reset")).hasSize(13); // milliseconds
      }
    }
  }
}
