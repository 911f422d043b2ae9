package dev.fanfare.acceptance.chaos;

import static dev.fanfare.acceptance.chaos.FloodedServer.AT_ONCE;
import static dev.fanfare.acceptance.chaos.FloodedServer.MIB;
import static dev.fanfare.acceptance.chaos.FloodedServer.READS_AT_ONCE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.OpenApi;
import dev.fanfare.acceptance.chaos.Flood.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/**
 * Like {@link HeapTest}, for every route in the server's OpenAPI document, so that none is
 * forgotten.
 */
@Timeout(600)
class HeapRoutesTest {
  @RegisterExtension static final FloodedServer server = new FloodedServer();

  /** Longer than most routes accept. A quick run sends shorter bodies. */
  private static final int LONG_BYTES = (AT_ONCE < 64 ? 16 : 63) * MIB;

  /** The limits of bodies, in KiB. */
  private static final List<Integer> LIMITS =
      List.of(64, 128, 1_024, 2_048, 3_072, 10_240, 32_768, 65_536);

  private static final int HEAD_BYTES_MAX = 32 * 1024;
  private static final int URL_BYTES_MAX = 16 * 1024;

  private static LargestAnswers answers;
  private static TreeMap<String, JsonNode> operations;
  private Flood flood;

  @BeforeEach
  void start() {
    flood = server.flood();
    if (operations == null) {
      answers = LargestAnswers.store(flood);
      operations = new OpenApi(flood.json(Request.get("/openapi.json"))).operations();
    }
  }

  private static String method(String operation) {
    return operation.substring(0, operation.indexOf(' '));
  }

  /**
   * A request with a body. Where no body belongs, it names nothing that exists: a client that still
   * sends its body does not read a long answer, and is disconnected after 30 s.
   */
  private static Request request(String operation, LongBody body) {
    String path =
        takesBody(operation)
            ? answers.path(operation)
            : named(operation.substring(operation.indexOf(' ') + 1));
    return new Request(method(operation), path, body, Processes.KEY);
  }

  private static String named(String path) {
    return path.replaceAll("\\{\\w+}", "a");
  }

  private static LongBody text(String operation, long bytes) {
    String index = operation.endsWith("/items") ? "\"index\":0,\"task\":\"t\"," : "";
    return LongBody.exactly(bytes, "{" + index + "\"payload\":\"", "7", "\"}");
  }

  private static LongBody structure(String operation, long bytes) {
    return operation.endsWith("/items")
        ? LongBody.exactly(bytes, "", "{\"index\":0,\"task\":\"t\",\"payload\":[1,[],2]}\n", "")
        : LongBody.exactly(bytes, "{\"payload\":[[]", ",[]", "]}");
  }

  /** Whether a body has the form that the route expects, so that its handler reads it. */
  private static boolean takesBody(String operation) {
    return operations.get(operation).has("requestBody");
  }

  @Test
  void long_bodies_on_every_route_from_every_kind_of_caller() {
    List<String> callers = flood.credentials();
    List<Request> requests = new ArrayList<>();
    for (String operation : operations.keySet()) {
      flood.send(request(operation, text(operation, 63 * MIB)));
      flood.send(request(operation, structure(operation, 63 * MIB).chunked()));
      Request announced = request(operation, structure(operation, LONG_BYTES));
      Request chunked = request(operation, text(operation, LONG_BYTES).chunked());
      callers.forEach(caller -> requests.add(announced.by(caller)));
      requests.add(chunked.by(callers.get(requests.size() % callers.size())));
    }
    flood.sendAtOnce(AT_ONCE, requests);
  }

  @Test
  void many_long_bodies_on_one_route() {
    for (String name : operations.keySet()) {
      if (takesBody(name)) {
        flood.sendAtOnce(
            AT_ONCE,
            List.of(
                request(name, text(name, LONG_BYTES)),
                request(name, structure(name, LONG_BYTES)),
                request(name, text(name, LONG_BYTES).chunked())));
      }
    }
  }

  @Test
  void bodies_at_each_limit_and_one_byte_beyond() {
    List<Request> requests = new ArrayList<>();
    for (String name : operations.keySet()) {
      if (takesBody(name)) {
        for (int limit : LIMITS) {
          requests.add(request(name, text(name, 1024L * limit)));
          requests.add(request(name, structure(name, 1024L * limit)));
          requests.add(request(name, text(name, 1024L * limit + 1)));
        }
      }
    }
    flood.sendAtOnce(AT_ONCE, requests);
  }

  @Test
  void the_longest_names_queries_and_headers_on_every_route() {
    List<Request> requests = new ArrayList<>();
    List<String> callers = flood.credentials();
    for (String operation : operations.keySet()) {
      String path = operation.substring(operation.indexOf(' ') + 1);
      String known = named(path);
      for (int more : List.of(-100, 100)) {
        String name = "a".repeat(URL_BYTES_MAX + more - path.length());
        Request plain = new Request(method(operation), known, null, "");
        for (Request request :
            List.of(
                new Request(method(operation), named(path.replaceAll("\\{\\w+}$", name)), null, ""),
                new Request(
                    method(operation), named(path.replaceFirst("\\{\\w+}", name)), null, ""),
                new Request(method(operation), known + "?" + name, null, ""),
                new Request(method(operation), known + "?a=%22" + name.substring(6), null, ""),
                plain.with(headers(1, HEAD_BYTES_MAX + 20 * more)),
                plain.with(headers(HEAD_BYTES_MAX / 40, HEAD_BYTES_MAX + 20 * more)))) {
          callers.forEach(caller -> requests.add(request.by(caller)));
        }
      }
    }
    flood.sendAtOnce(READS_AT_ONCE, requests);
  }

  /** A number of headers that have about so many bytes, with those that the client adds. */
  private static List<String> headers(int count, int bytes) {
    List<String> headers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      headers.add("x-h" + i);
      headers.add("h".repeat(Math.max(1, (bytes - 1_024) / count - 12)));
    }
    return headers;
  }

  @Test
  void the_largest_answer_of_every_route() throws Exception {
    List<String> callers = flood.credentials();
    for (String operation : operations.keySet()) {
      if (!method(operation).equals("GET")) {
        continue;
      }
      Request read = Request.get(answers.path(operation));
      assertThat(flood.sendUntilServed(read)).as(operation).isBetween(200, 302);
      flood.sendAtOnce(callers.size(), callers.stream().map(read::by).toList());
      flood.sendAtOnce(READS_AT_ONCE, List.of(read));
      try (SilentClients readers = new SilentClients(flood.url())) {
        readers.send(READS_AT_ONCE, SilentClients.head("GET", read.path(), 0), null);
        assertThat(flood.sendUntilServed(Request.get("/health/live"))).isEqualTo(200);
        flood.send(read);
      }
    }
  }
}
