package dev.fanfare.acceptance;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fanfare.protocol.WireJson;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;

/**
 * A request of the hostile corpus, a line of one of its files: JSON that tells the bytes to send.
 *
 * <ul>
 *   <li>{@code send}: the whole request; or {@code method}, {@code path}, {@code headers} and
 *       {@code body}, which get a host, a credential and a length. Each is made of texts and of
 *       {@code [text, times]}; a character is a byte, so that bytes can be sent that are no text.
 *   <li>{@code token}: a credential instead of the key, with header, claims and signature as told.
 *   <li>{@code open}: the connection stays open, as if more were to come.
 *   <li>{@code status}: how the status of the answer begins; absent: anything below 500.
 *   <li>{@code ${key}}, {@code ${run}}, {@code ${batch}}, {@code ${env}} and the times {@code
 *       ${past}}, {@code ${now}}, {@code ${later}} stand for what only the test knows.
 * </ul>
 */
record HostileRequest(String file, JsonNode line) {

  static final List<String> FILES =
      List.of(
          "bodies",
          "shapes",
          "bombs",
          "paths",
          "queries",
          "headers",
          "smuggling",
          "ndjson",
          "tokens");

  static List<HostileRequest> read(String file) {
    List<HostileRequest> requests = new ArrayList<>();
    try (InputStream in =
        Objects.requireNonNull(
            HostileRequest.class.getResourceAsStream("hostile/" + file + ".jsonl"), file)) {
      for (String line : new String(in.readAllBytes(), UTF_8).split("\n")) {
        requests.add(new HostileRequest(file, WireJson.mapper().readTree(line)));
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return requests;
  }

  /** Whether the server can be expected to answer: it may hang up on what is no HTTP. */
  boolean isHttp() {
    return !line.has("send");
  }

  boolean staysOpen() {
    return line.path("open").asBoolean(false);
  }

  boolean names(String placeholder) {
    return line.toString().contains("${" + placeholder + "}");
  }

  /** How the status has to begin; empty: any that blames nobody but the client. */
  String status() {
    return line.path("status").asString("");
  }

  /** The bytes, a character each. */
  String bytes(Map<String, String> known) {
    if (line.has("send")) {
      return fill(join(line.get("send")), known);
    }
    String body = fill(join(line.path("body")), known);
    StringBuilder request = new StringBuilder();
    request.append(line.get("method").asString()).append(' ');
    request.append(fill(line.get("path").asString(), known)).append(" HTTP/1.1\r\nHost: h\r\n");
    request.append("Authorization: Bearer ").append(credential(known)).append("\r\n");
    for (JsonNode header : line.path("headers")) {
      request.append(header.asString()).append("\r\n");
    }
    if (line.has("body")) {
      request.append("Content-Length: ").append(body.length()).append("\r\n");
    }
    return request.append("\r\n").append(body).toString();
  }

  private String credential(Map<String, String> known) {
    String key = Objects.requireNonNull(known.get("key"));
    JsonNode token = line.path("token");
    if (token.isMissingNode()) {
      return key;
    }
    byte[] claims = fill(token.get("claims").asString(), known).getBytes(UTF_8);
    byte[] header = token.get("header").asString().getBytes(UTF_8);
    return Jwt.forge(header, claims, token.get("mac").asString(), key);
  }

  private static String join(JsonNode parts) {
    StringBuilder joined = new StringBuilder();
    for (JsonNode part : parts) {
      joined.append(
          part.isArray() ? part.get(0).asString().repeat(part.get(1).asInt()) : part.asString());
    }
    return joined.toString();
  }

  private static String fill(String text, Map<String, String> known) {
    String filled = text;
    for (Map.Entry<String, String> entry : known.entrySet()) {
      filled = filled.replace("${" + entry.getKey() + "}", entry.getValue());
    }
    return filled;
  }

  @Override
  public String toString() {
    return file + ": " + line.get("name").asString();
  }
}
