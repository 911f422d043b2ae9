package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.protocol.WireJson;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Creating public access tokens, over real HTTP. */
class TokenEndpointsTest {
  private static final String JWT = "/api/v1/auth/jwt";
  private static final String PUBLIC = "/api/v1/auth/public-tokens";
  @AutoClose private static final TestServer server = TestServer.start();

  private static String token(Reply reply) {
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    return reply.json().get("token").asString();
  }

  private static JsonNode claims(String token) {
    return WireJson.mapper().readTree(Base64.getUrlDecoder().decode(token.split("\\.")[1]));
  }

  private static long lifeSeconds(String token) {
    return claims(token).get("exp").asLong() - claims(token).get("iat").asLong();
  }

  @Test
  void the_claims_name_the_environment_for_clients_that_sign_tokens_themselves() {
    Reply reply = server.post(JWT + "/claims", "");
    assertThat(reply.text()).matches("\\{\"sub\":\"env_[0-9a-z]{25}\",\"pub\":true}");
  }

  @Test
  void a_token_has_the_requested_scopes_and_lives_an_hour() {
    String token = token(server.post(JWT, "{\"claims\":{\"scopes\":[\"trigger:tasks:a\"]}}"));
    assertThat(server.postAs(token, "/api/v1/tasks/a/trigger", "{}").status()).isEqualTo(200);
    assertThat(server.postAs(token, "/api/v1/tasks/b/trigger", "{}").status()).isEqualTo(403);
    assertThat(lifeSeconds(token)).isEqualTo(3_600);
    assertThat(claims(token).get("iss").asString()).isEqualTo("https://id.trigger.dev");
    assertThat(claims(token).get("aud").asString()).isEqualTo("https://api.trigger.dev");
    assertThat(claims(token).has("otu")).isFalse();
  }

  @Test
  void a_token_without_scopes_allows_nothing() {
    String token = token(server.post(JWT, ""));
    assertThat(server.getAs(token, "/api/v1/runs").status()).isEqualTo(403);
  }

  @Test
  void the_expiry_can_be_set() {
    assertThat(lifeSeconds(token(server.post(JWT, "{\"expirationTime\":\"2 hours\"}"))))
        .isEqualTo(7_200);
    long end = Instant.now().getEpochSecond() + 60;
    assertThat(claims(token(server.post(JWT, "{\"expirationTime\":" + end + "}"))).get("exp"))
        .hasToString(Long.toString(end));
  }

  @Test
  void a_public_token_lives_15_minutes_and_can_be_single_use() {
    String body =
        "{\"scopes\":[\"trigger:tasks\"],\"oneTimeUse\":true,"
            + "\"realtime\":{\"skipColumns\":[\"payload\"]}}";
    String token = token(server.post(PUBLIC, body));
    assertThat(lifeSeconds(token)).isEqualTo(900);
    assertThat(claims(token).get("realtime").toString())
        .isEqualTo("{\"skipColumns\":[\"payload\"]}");
    assertThat(server.postAs(token, "/api/v1/tasks/a/trigger", "{}").status()).isEqualTo(200);
    assertThat(server.postAs(token, "/api/v1/tasks/a/trigger", "{}").status()).isEqualTo(422);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'scopes':['read:runs'],'expirationTime':'soon'} | Invalid expiration time",
        "{'scopes':['read:runs'],'expirationTime':null} | Invalid expiration time",
        "{'scopes':['read:runs'],'expirationTime':1} | Expiration time must be in the future",
        "{'scopes':['read:runs'],'expirationTime':'1m ago'} | Expiration time must be in the"
            + " future",
        "{'scopes':['read:runs'],'expirationTime':'31d'} | Expiration time cannot exceed 30 days",
        "{'scopes':['read:runs'],'oneTimeUse':1} | Invalid request body",
        "{'scopes':['read:runs'],'realtime':{'skipColumns':'x'}} | Invalid request body",
        "{'scopes':[]} | Invalid request body",
        "{'scopes':[1]} | Invalid request body",
        "{'scopes':'read:runs'} | Invalid request body",
        "{} | Invalid request body",
        "[] | Invalid request body",
        "{ | Invalid request body"
      })
  void an_invalid_request_for_a_token_is_a_400(String body, String error) {
    Reply reply = server.post(PUBLIC, body.replace('\'', '"'));
    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo(error);
    if (error.equals("Invalid request body")) {
      assertThat(reply.json().at("/issues/0/message").asString()).isNotBlank();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'claims':1} | Invalid request body",
        "{'claims':{'scopes':'read:runs'}} | Invalid request body",
        "{'expirationTime':true} | Invalid expiration time"
      })
  void a_wrong_body_for_a_token_is_a_400(String body, String error) {
    Reply reply = server.post(JWT, body.replace('\'', '"'));
    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo(error);
  }

  @Test
  void a_token_cannot_create_tokens() {
    String token = server.token().scopes("admin").sign(server.key);
    for (String path : new String[] {JWT, JWT + "/claims", PUBLIC}) {
      Reply reply = server.postAs(token, path, "{\"scopes\":[\"admin\"]}");
      assertThat(reply.status()).isEqualTo(401);
      assertThat(reply.error()).isEqualTo("Invalid API key");
    }
  }
}
