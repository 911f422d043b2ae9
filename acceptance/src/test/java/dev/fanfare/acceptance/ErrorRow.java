package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.WireJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** A row of the error table: a request and its expected response. */
final class ErrorRow {
  private final String name;
  String method = "";
  String path = "";
  String body = "";
  String credential;
  final List<String> requestHeaders = new ArrayList<>();
  int status;
  private String answer = "";
  final Map<String, String> headers = new LinkedHashMap<>();

  ErrorRow(String name, String credential) {
    this.name = name;
    this.credential = credential;
  }

  ErrorRow post(String to, String text) {
    method = "POST";
    path = to;
    body = text;
    return this;
  }

  /** The items of a streamed batch, one line each. */
  ErrorRow stream(String to, String lines) {
    return post(to, lines).sending("Content-Type", "application/x-ndjson");
  }

  ErrorRow get(String from) {
    method = "GET";
    path = from;
    return this;
  }

  ErrorRow method(String other) {
    method = other;
    return this;
  }

  ErrorRow as(String who) {
    credential = who;
    return this;
  }

  /** Adds a header; if it is set twice, the last value is sent. */
  ErrorRow sending(String header, String value) {
    int known = requestHeaders.indexOf(header);
    if (known >= 0) {
      requestHeaders.set(known + 1, value);
      return this;
    }
    requestHeaders.add(header);
    requestHeaders.add(value);
    return this;
  }

  /** The expected JSON; in its texts, a star matches any characters. */
  ErrorRow gets(int code, String json) {
    status = code;
    answer = json;
    return this;
  }

  ErrorRow error(int code, String message) {
    return gets(code, WireJson.mapper().writeValueAsString(Map.of("error", message)));
  }

  ErrorRow with(String header, String value) {
    headers.put(header, value);
    return this;
  }

  @Override
  public String toString() {
    return name;
  }

  /** Compares the response body with the expected one, regardless of the order of fields. */
  void assertAnswers(JsonNode actual) {
    assertSame(actual, WireJson.mapper().readTree(answer));
  }

  private static void assertSame(JsonNode actual, JsonNode expected) {
    if (expected.isString() && expected.asString().endsWith("*")) {
      String begin = expected.asString().substring(0, expected.asString().length() - 1);
      assertThat(actual.asString()).startsWith(begin).isNotBlank();
    } else if (expected.isContainer()) {
      assertThat(actual.size()).as(actual.toString()).isEqualTo(expected.size());
      expected.propertyNames().forEach(name -> assertSame(actual.path(name), expected.get(name)));
      for (int i = 0; expected.isArray() && i < expected.size(); i++) {
        assertSame(actual.path(i), expected.get(i));
      }
    } else {
      assertThat(actual).isEqualTo(expected);
    }
  }
}
