package dev.fanfare.acceptance;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.protocol.WireJson;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The OpenAPI document of a server; it validates requests and responses. */
public final class OpenApi {
  private static final Set<String> METHODS = Set.of("get", "post", "put", "delete", "patch");

  private final JsonNode document;
  private final SchemaRegistry schemas =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
  private final JsonNode strict;

  public OpenApi(JsonNode document) {
    this.document = document;
    this.strict = document.get("components").deepCopy();
    Set<String> extended = new HashSet<>();
    strict.findValues("allOf").forEach(all -> all.forEach(one -> extended.add(name(one))));
    strict
        .get("schemas")
        .properties()
        .forEach(schema -> {
          if (!extended.contains(schema.getKey())) {
            close(schema.getValue());
          }
        });
  }

  private static String name(JsonNode reference) {
    String text = reference.path("$ref").asString("");
    return text.substring(text.lastIndexOf('/') + 1);
  }

  /**
   * Forbids fields that the document does not name, so that the test finds gaps in the document.
   */
  private static void close(JsonNode schema) {
    if (schema.has("properties") && !schema.has("additionalProperties")) {
      ((ObjectNode) schema).put("unevaluatedProperties", false);
    }
    schema.forEach(OpenApi::close);
  }

  JsonNode document() {
    return document;
  }

  /** The operations by method and path. */
  public TreeMap<String, JsonNode> operations() {
    TreeMap<String, JsonNode> operations = new TreeMap<>();
    document
        .get("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .properties()
                .forEach(operation -> {
                  if (METHODS.contains(operation.getKey())) {
                    operations.put(
                        operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey(),
                        operation.getValue());
                  }
                }));
    return operations;
  }

  /** Resolves a reference; returns any other node unchanged. */
  JsonNode resolve(JsonNode node) {
    String reference = node.path("$ref").asString("");
    return reference.isEmpty() ? node : document.at(reference.substring(1));
  }

  /** All references in the document that cannot be resolved. */
  List<String> brokenReferences() {
    return document.findValues("$ref").stream()
        .map(JsonNode::asString)
        .filter(reference -> document.at(reference.substring(1)).isMissingNode())
        .toList();
  }

  /** The components of the document that are never referenced. */
  Set<String> unused() {
    Set<String> unused = new TreeSet<>();
    String text = document.toString();
    for (String kind : List.of("schemas", "parameters", "responses", "headers")) {
      for (String name : document.at("/components/" + kind).propertyNames()) {
        String reference = "#/components/" + kind + "/" + name;
        if (!text.contains("\"" + reference + "\"")) {
          unused.add(reference);
        }
      }
    }
    return unused;
  }

  /** The deviations of a response from the document; empty if there are none. */
  List<String> differences(String operation, Reply reply) {
    JsonNode response = resolve(operations().get(operation).at("/responses/" + reply.status()));
    if (response.isMissingNode()) {
      return List.of(operation + " is not said to answer " + reply.status());
    }
    List<String> differences = new ArrayList<>();
    String type = reply.header("Content-Type").split(";", 2)[0].strip();
    JsonNode content = response.path("content").path(type);
    if (content.isMissingNode() && !response.path("content").has("*/*")) {
      if (!reply.text().isEmpty()) {
        differences.add(operation + " is not said to answer " + reply.status() + " with " + type);
      }
    } else if (content.has("schema")) {
      validate(content.get("schema"), reply)
          .forEach(error -> differences.add(operation + ": " + error));
    }
    for (String header : response.path("headers").propertyNames()) {
      if (reply.header(header).isEmpty()) {
        differences.add(operation + " has no " + header);
      }
    }
    return differences;
  }

  private List<String> validate(JsonNode schema, Reply reply) {
    ObjectNode root = WireJson.mapper().createObjectNode();
    root.set("allOf", WireJson.mapper().createArrayNode().add(schema));
    root.set("components", strict);
    Schema compiled = schemas.getSchema(root);
    return compiled.validate(reply.json()).stream().map(Object::toString).toList();
  }
}
