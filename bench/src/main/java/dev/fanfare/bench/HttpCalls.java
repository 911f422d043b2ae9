package dev.fanfare.bench;

import dev.fanfare.protocol.WireJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Plain HTTP calls with the secret key, without retries. Thread-safe. */
final class HttpCalls {
  private static final Duration TIMEOUT = Duration.ofMinutes(1);
  private static final JsonMapper JSON = WireJson.mapper();

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String url;
  private final String key;

  HttpCalls(ServerProcess server) {
    this.url = server.url();
    this.key = server.key();
  }

  /**
   * The response to a call.
   *
   * @param nanos from before the call until its whole body was there
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Answer(int status, byte[] body, long nanos) {
    JsonNode json() {
      return JSON.readTree(body);
    }

    /** The body as a record; fails if the call did. */
    <T> T as(Class<T> type) throws IOException {
      if (status != 200) {
        throw new IOException("Status " + status + ": " + json());
      }
      return JSON.readValue(body, type);
    }
  }

  /** Gets {@code path}, whose query must be encoded. */
  Answer get(String path) throws IOException, InterruptedException {
    return send(request(path).GET());
  }

  Answer post(String path, Object body) throws IOException, InterruptedException {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body))));
  }

  Answer delete(String path) throws IOException, InterruptedException {
    return send(request(path).DELETE());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .timeout(TIMEOUT)
        .header("Authorization", "Bearer " + key);
  }

  private Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
    long begun = System.nanoTime();
    HttpResponse<byte[]> response = http.send(request.build(), BodyHandlers.ofByteArray());
    return new Answer(response.statusCode(), response.body(), System.nanoTime() - begun);
  }
}
