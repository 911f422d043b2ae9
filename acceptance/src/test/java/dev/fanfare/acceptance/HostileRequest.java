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
 * A request of the hostile corpus. Each line of its files is a JSON object that defines the bytes
 * to send.
 *
 * <ul>
 *   <li>{@code send}: the whole request; or {@code method}, {@code path}, {@code headers} and
 *       {@code body}, to which a host, a credential and a length are added. Each is a list of texts
 *       and of {@code [text, times]}. Each character is one byte, so any bytes can be sent.
 *   <li>{@code token}: a credential instead of the key, with the given header, claims and
 *       signature.
 *   <li>{@code open}: keeps the connection open, as if more data followed.
 *   <li>{@code status}: the first digits of the expected status; absent: anything below 500.
 *   <li>{@code ${key}}, {@code ${run}}, {@code ${batch}}, {@code ${env}} and the times {@code
 *       ${past}}, {@code ${now}}, {@code ${later}} are replaced by values that the test provides.
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

  /** Whether a response is required: the server may close the connection on invalid HTTP. */
  boolean isHttp() {
    return !line.has("send");
  }

  boolean staysOpen() {
    return line.path("open").asBoolean(false);
  }

  boolean names(String placeholder) {
    return line.toString().contains("${" + placeholder + "}");
  }

  /** The first digits of the expected status; empty: any status below 500. */
  String status() {
    return line.path("status").asString("");
  }

  /** The bytes to send, one per character. */
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
