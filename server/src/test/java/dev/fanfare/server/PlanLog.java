package dev.fanfare.server;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.db.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * The plans of the statements of one database as they were executed, with the rows and the blocks
 * that each of their nodes visited. PostgreSQL's module {@code auto_explain} writes them into the
 * log before a statement ends.
 */
final class PlanLog {
  /** Settings of the connections whose plans are logged. */
  static final Map<String, String> SETTINGS =
      Map.of(
          "session_preload_libraries", "auto_explain",
          "auto_explain.log_min_duration", "0",
          "auto_explain.log_analyze", "on",
          "auto_explain.log_timing", "off",
          "auto_explain.log_buffers", "on",
          "auto_explain.log_format", "json",
          "auto_explain.log_nested_statements", "on",
          "auto_explain.log_parameter_max_length", "0");

  private static final List<String> DETAILS =
      List.of(
          "Relation Name",
          "Index Name",
          "CTE Name",
          "Index Cond",
          "Filter",
          "Join Filter",
          "Plan Rows",
          "Actual Rows",
          "Actual Loops",
          "Rows Removed by Filter",
          "Rows Removed by Join Filter",
          "Shared Hit Blocks");

  private final Path file;

  /** The log of the server that has this database. */
  PlanLog(Database database) {
    String data =
        database.transaction(tx ->
            tx.sql("select current_setting('data_directory') as folder")
                .first(r -> r.text("folder")));
    file = Path.of(Objects.requireNonNull(data)).resolveSibling("postgres.log");
  }

  /** The plan of a statement. */
  record Plan(String sql, JsonNode root) {
    List<Node> nodes() {
      return nodes(root).map(Node::new).toList();
    }

    private static Stream<JsonNode> nodes(JsonNode node) {
      return Stream.concat(Stream.of(node), node.path("Plans").valueStream().flatMap(Plan::nodes));
    }

    /** How many blocks the whole statement read, each as often as it did. */
    long blocks() {
      return root.path("Shared Hit Blocks").asLong() + root.path("Shared Read Blocks").asLong();
    }

    /** The statement, and a line for each node. */
    @Override
    public String toString() {
      StringBuilder text = new StringBuilder(sql.strip());
      print(root, "\n  ", text);
      return text.append("\n").toString();
    }

    private static void print(JsonNode json, String indent, StringBuilder text) {
      Node node = new Node(json);
      text.append(indent).append(node.type());
      for (String detail : DETAILS) {
        if (json.has(detail)) {
          text.append(", ").append(detail).append(' ').append(json.get(detail).asString());
        }
      }
      json.path("Plans").valueStream().forEach(child -> print(child, indent + "  ", text));
    }
  }

  /** A node of a plan. */
  record Node(JsonNode json) {
    /** Such as {@code Seq Scan}. */
    String type() {
      return json.path("Node Type").asString();
    }

    /** The table that it reads; empty if it reads none. */
    String table() {
      return json.path("Relation Name").asString("");
    }

    /** How many rows it had in its hands, in all loops. */
    double rows() {
      double each =
          json.path("Actual Rows").asDouble()
              + json.path("Rows Removed by Filter").asDouble()
              + json.path("Rows Removed by Join Filter").asDouble()
              + json.path("Rows Removed by Index Recheck").asDouble();
      return each * json.path("Actual Loops").asDouble();
    }
  }

  /** Runs {@code work}, and returns the plans of all statements that were executed meanwhile. */
  List<Plan> during(Runnable work) {
    try {
      long begin = Files.size(file);
      work.run();
      return plans(text(begin));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String text(long begin) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(channel.size() - begin));
      while (bytes.hasRemaining() && channel.read(bytes, begin + bytes.position()) >= 0) {}
      return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
    }
  }

  /** The lines after that which announces a plan begin with a tab. */
  private static List<Plan> plans(String text) {
    List<Plan> plans = new ArrayList<>();
    StringBuilder json = new StringBuilder();
    boolean inPlan = false;
    for (String line : text.split("\n", -1)) {
      if (line.startsWith("\t")) {
        json.append(inPlan ? line : "");
        continue;
      }
      if (inPlan) {
        JsonNode plan = WireJson.mapper().readTree(json.toString());
        plans.add(new Plan(plan.path("Query Text").asString(), plan.path("Plan")));
      }
      json.setLength(0);
      inPlan = line.endsWith("plan:");
    }
    return plans;
  }
}
