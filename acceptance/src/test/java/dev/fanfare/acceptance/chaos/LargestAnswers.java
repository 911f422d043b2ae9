package dev.fanfare.acceptance.chaos;

import static dev.fanfare.acceptance.chaos.FloodedServer.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.chaos.Flood.Request;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;

/** The largest answers that a server can store, and the paths of the routes that give them. */
final class LargestAnswers {
  private static final String PACKET = "large/packet";
  private static final String NOBODY = "0".repeat(25);

  private final Flood flood;
  private final Map<String, String> names = new HashMap<>();

  private final String runWithPacket;

  private LargestAnswers(Flood flood) {
    this.flood = flood;
    this.runWithPacket =
        flood.triggeredRun(
            "{\"payload\":\"%s\",\"options\":{\"payloadType\":\"application/store\"}}"
                .formatted(PACKET));
  }

  /** Stores a run, a batch, lists and a packet of almost the largest sizes. */
  static LargestAnswers store(Flood flood) {
    LargestAnswers answers = new LargestAnswers(flood);
    answers.names.put("task", "t");
    answers.names.put("key", "nobody-has-it");
    answers.names.put("field", "payload");
    answers.names.put("path", PACKET);
    answers.names.put("run", flood.completedRun());
    answers.names.put("batch", flood.completedBatch());
    answers.names.put("session", flood.openSession("none").replaceFirst(".*/", ""));
    flood.listedRuns();
    LongBody packet = LongBody.exactly(10 * MIB, "\"", "p", "\"");
    String upload = answers.path("PUT /packets/{environment}/{path}");
    assertThat(flood.sendUntilServed(new Request("PUT", upload, packet, ""))).isEqualTo(200);
    return answers;
  }

  /** The path of an operation such as {@code GET /api/v3/runs/{run}}, with names of what exists. */
  String path(String operation) {
    String method = operation.substring(0, operation.indexOf(' '));
    String path = operation.substring(operation.indexOf(' ') + 1);
    if (path.startsWith("/packets/")) {
      Request request =
          method.equals("PUT")
              ? new Request("PUT", "/api/v2/packets/" + PACKET, null, Processes.KEY)
              : Request.get("/api/v1/packets/" + PACKET);
      URI url = URI.create(flood.json(request).path("presignedUrl").asString());
      return url.getRawPath() + "?" + url.getRawQuery();
    }
    if (path.endsWith("/packets/{field}")) {
      path = path.replace("{run}", runWithPacket);
    }
    if (method.equals("DELETE")) { // of a session that the others need
      path = path.replace("{session}", "session_" + NOBODY);
    }
    if (path.endsWith("/items")) { // of a batch that waits for items
      path = path.replace("{batch}", flood.announcedBatch(1_000));
    }
    if (operation.equals("GET /api/v1/runs")) {
      path += "?filter%5Btag%5D=list&page%5Bsize%5D=100";
    }
    for (Map.Entry<String, String> name : names.entrySet()) {
      path = path.replace("{" + name.getKey() + "}", name.getValue());
    }
    assertThat(path).as("a path whose {name} has no value in LargestAnswers").doesNotContain("{");
    return path;
  }
}
