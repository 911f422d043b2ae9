package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Odd but possible values in every place where a trigger, a batch or a token has one. */
class OddTriggersTest {
  @AutoClose private static final TestServer server = TestServer.start();

  /** JSON values. */
  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "0",
          "-0",
          "1e400",
          "-1e-400",
          "9223372036854775808",
          "1" + "0".repeat(400),
          "0.1e1",
          "\"\"",
          "\" \"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"\\uffff\"",
          "\"🏳️‍🌈\"",
          "\"\\u202e\"",
          "\"a\\nb\"",
          "\"'; drop table runs; --\"",
          "\"{}\"",
          "\"\\\\\"",
          "\"" + "é".repeat(3_000) + "\"",
          "[]",
          "{}",
          "[[]]",
          "[null]",
          "{\"\":null}",
          "[".repeat(400) + "]".repeat(400),
          "{\"key\":{},\"delay\":[]}",
          "\"1h\"",
          "\"0s\"",
          "\"99999999999w\"",
          "\"-1h\"",
          "\"+292278994-08-17T07:12:55Z\"",
          "\"0000-01-01T00:00:00Z\"",
          "\"9999-12-31T23:59:59.999999999Z\"",
          "\"run_zzzzzzzzzzzzzzzzzzzzzzzzz\"",
          "{\"key\":\"k\",\"delay\":\"1h\",\"delay\":\"0s\"}",
          "{\"name\":\"\\u0000\"}",
          "{\"name\":\"\",\"concurrencyLimit\":-1}",
          "{\"key\":\"k\",\"scope\":\"global\"}");

  private static final List<String> OPTIONS =
      List.of(
          "queue",
          "concurrencyKey",
          "idempotencyKey",
          "idempotencyKeyTTL",
          "idempotencyKeyOptions",
          "delay",
          "ttl",
          "priority",
          "maxAttempts",
          "maxDuration",
          "machine",
          "tags",
          "metadata",
          "metadataType",
          "payloadType",
          "payloadSize",
          "test",
          "lockToVersion",
          "externalDeploymentId",
          "region",
          "debounce",
          "parentRunId",
          "resumeParentOnCompletion",
          "gates",
          "concurrency",
          "",
          "\\u0000",
          "__proto__");

  private final List<String> failures = new ArrayList<>();

  private void send(String path, String body, String... headers) {
    Reply reply = server.post(path, body, headers);
    if (reply.status() >= 500 || (reply.status() >= 400 && reply.error().isBlank())) {
      failures.add(
          path
              + " "
              + List.of(headers)
              + " "
              + body.substring(0, Math.min(200, body.length()))
              + " -> "
              + reply.status()
              + " "
              + reply.text());
    }
  }

  private static String items(String item) {
    return "{\"items\":[" + item + "]}";
  }

  @Test
  void no_option_of_a_trigger_and_no_field_of_a_batch_causes_a_server_error() {
    String batch =
        server.post("/api/v3/batches", "{\"runCount\":1000}").json().get("id").asString();
    int line = 0;
    for (String value : VALUES) {
      for (String option : OPTIONS) {
        String options = "\"payload\":1,\"options\":{\"" + option + "\":" + value + "}";
        send("/api/v1/tasks/a/trigger", "{" + options + "}");
        if (line % 7 == 0) {
          send("/api/v1/tasks/batch", items("{\"task\":\"a\"," + options + "}"));
        }
        send(
            "/api/v3/batches/" + batch + "/items",
            "{\"index\":" + line++ % 1000 + ",\"task\":\"a\"," + options + "}",
            "Content-Type",
            "application/x-ndjson");
      }
      for (String field : List.of("task", "payload", "options", "items", "index")) {
        String pair = "\"" + field + "\":" + value;
        send("/api/v1/tasks/a/trigger", "{" + pair + "}");
        send("/api/v1/tasks/a/batch", "{" + pair + "}");
        send("/api/v1/tasks/a/batch", items("{" + pair + "}"));
        send("/api/v2/tasks/batch", items("{\"task\":\"a\"," + pair + "}"));
        send("/api/v2/tasks/batch", items(value));
        send(
            "/api/v3/batches/" + batch + "/items",
            "{\"task\":\"a\",\"index\":999," + pair + "}",
            "Content-Type",
            "application/x-ndjson");
      }
      for (String field :
          List.of(
              "runCount",
              "taskIdentifiers",
              "parentRunId",
              "resumeParentOnCompletion",
              "idempotencyKey",
              "idempotencyKeyOptions")) {
        send("/api/v3/batches", "{\"runCount\":1,\"" + field + "\":" + value + "}");
      }
      for (String field : List.of("scopes", "expirationTime", "oneTimeUse", "realtime", "claims")) {
        String pair = "{\"scopes\":[\"read:runs\"],\"" + field + "\":" + value + "}";
        send("/api/v1/auth/public-tokens", pair);
        send("/api/v1/auth/jwt", pair);
        send("/api/v1/auth/jwt", "{\"claims\":" + pair + "}");
      }
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void no_task_id_or_key_in_a_path_and_no_header_causes_a_server_error() {
    List<String> odd =
        List.of(
            " ",
            ".",
            "..",
            "a/b",
            "%",
            "é",
            "🏳️‍🌈",
            "\u0000",
            "\n",
            "\u202e",
            "\ufeff",
            "a".repeat(256),
            "a".repeat(257),
            "'",
            "\\",
            "{task}",
            "*");
    for (String text : odd) {
      String encoded = URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
      send("/api/v1/tasks/" + encoded + "/trigger", "{}");
      send("/api/v1/tasks/" + encoded + "/batch", items("{}"));
      send("/api/v1/idempotencyKeys/" + encoded + "/reset", "{\"taskIdentifier\":\"a\"}");
      send("/api/v3/batches/" + encoded + "/items", "{}", "Content-Type", "application/x-ndjson");
      send("/api/v1/runs/" + encoded + "/replay", "{}");
    }
    for (String name :
        List.of(
            "idempotency-key",
            "idempotency-key-ttl",
            "x-trigger-request-idempotency-key",
            "trigger-version",
            "x-trigger-source",
            "x-trigger-worker",
            "x-trigger-client",
            "batch-processing-strategy",
            "x-trigger-api-version")) {
      for (String value :
          List.of(
              "",
              " ",
              "é",
              "\u00ff\u0080",
              "a".repeat(5_000),
              "1d",
              "0s",
              "99999999999999999999d",
              "parallel",
              "sdk",
              "2025-07-16")) {
        for (String path :
            List.of(
                "/api/v1/tasks/a/trigger",
                "/api/v1/tasks/a/batch",
                "/api/v1/tasks/batch",
                "/api/v2/tasks/batch",
                "/api/v3/batches")) {
          String body =
              path.endsWith("trigger")
                  ? "{}"
                  : path.endsWith("batches") ? "{\"runCount\":1}" : items("{\"task\":\"a\"}");
          send(path, body, name, value);
          send(path, body, name, value, name, "second");
        }
      }
    }
    assertThat(failures).isEmpty();
  }
}
