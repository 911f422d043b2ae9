package dev.fanfare.server.control.http;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.Surrogates;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.control.ChangeRuns;
import dev.fanfare.server.control.MetadataChanges;
import dev.fanfare.server.control.MetadataEdit;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** An edit of metadata: an optional replacement, then operations in order. */
final class MetadataChange implements MetadataEdit {
  /** The operation without a key, which replaces all metadata. */
  private static final String UPDATE = "update";

  private static final List<String> TYPES =
      List.of("set", "delete", "append", "remove", "increment", UPDATE);
  private static final int OPERATIONS_MAX = 10_000;

  /** Bounds the nulls that paths insert into arrays. More of them exceed the size limit. */
  private static final int NULLS_MAX = Limits.METADATA_BYTES_MAX / "null,".length();

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final ObjectWriter WRITER =
      WireJson.mapper().writer().with(JsonWriteFeature.ESCAPE_NON_ASCII);

  private final @Nullable ObjectNode replacement;
  private final List<ObjectNode> operations;

  private MetadataChange(@Nullable ObjectNode replacement, List<ObjectNode> operations) {
    this.replacement = replacement;
    this.operations = operations;
  }

  /**
   * Reads {@code {metadata?, operations?, parentOperations?, rootOperations?}}, and refuses
   * operations that are invalid for any metadata.
   */
  static MetadataChanges read(byte[] body) {
    JsonNode json = parse(body);
    if (!(json instanceof ObjectNode fields)) {
      throw HttpError.validation("the body must be an object");
    }
    JsonNode replacement = fields.path("metadata");
    if (!replacement.isMissingNode() && !replacement.isNull() && !replacement.isObject()) {
      throw HttpError.validation("metadata: must be an object");
    }
    List<ObjectNode> own = operations(fields, "operations");
    List<ObjectNode> parents = operations(fields, "parentOperations");
    List<ObjectNode> roots = operations(fields, "rootOperations");
    if (own.size() + parents.size() + roots.size() > OPERATIONS_MAX) {
      throw HttpError.validation("operations: must have at most " + OPERATIONS_MAX + " elements");
    }
    return new MetadataChanges(
        new MetadataChange(replacement instanceof ObjectNode object ? object : null, own),
        parents.isEmpty() ? null : new MetadataChange(null, parents),
        roots.isEmpty() ? null : new MetadataChange(null, roots));
  }

  private static List<ObjectNode> operations(ObjectNode fields, String list) {
    JsonNode nodes = fields.path(list);
    if (!nodes.isMissingNode() && !nodes.isNull() && !nodes.isArray()) {
      throw HttpError.validation(list + ": must be an array");
    }
    List<ObjectNode> operations = new ArrayList<>();
    for (JsonNode operation : nodes) {
      operations.add(checked(list + "[" + operations.size() + "]", operation));
    }
    return operations;
  }

  private static JsonNode parse(byte[] body) {
    try {
      return WireJson.mapper().readTree(body);
    } catch (JacksonException e) {
      throw new HttpError(400, "Invalid JSON");
    }
  }

  private static ObjectNode checked(String where, JsonNode node) {
    if (!(node instanceof ObjectNode operation)
        || !TYPES.contains(operation.path("type").asString(""))) {
      throw HttpError.validation(where + ".type: must be one of " + String.join(", ", TYPES));
    }
    String type = operation.path("type").asString();
    if (!type.equals(UPDATE)) {
      if (!operation.path("key").isString()) {
        throw HttpError.validation(where + ".key: must be a string");
      }
      MetadataPath.of(operation.path("key").asString()); // refuses invalid paths
    }
    JsonNode value = operation.path("value");
    if (type.equals("increment") && !value.isNumber()) {
      throw HttpError.validation(where + ".value: must be a number");
    }
    if (type.equals(UPDATE) && !value.isObject()) {
      throw HttpError.validation(where + ".value: must be an object");
    }
    if (!type.equals("delete") && value.isMissingNode()) {
      throw HttpError.validation(where + ".value: is required");
    }
    return operation;
  }

  @Override
  public Result<String> apply(@Nullable String before) {
    try {
      ObjectNode metadata = replacement != null ? replacement.deepCopy() : object(before);
      int nulls = 0;
      for (ObjectNode operation : operations) {
        if (operation.path("type").asString().equals(UPDATE)) {
          metadata = (ObjectNode) operation.path("value").deepCopy();
        } else {
          nulls += apply(metadata, operation);
        }
        if (nulls > NULLS_MAX) {
          return Result.refused(ChangeRuns.metadataTooLarge());
        }
      }
      return Result.of(Surrogates.escapeLone(WRITER.writeValueAsString(metadata)));
    } catch (JacksonException e) {
      // Metadata of a trigger is stored unparsed, and may exceed the limits of the parser.
      return Result.refused(
          Refusal.unprocessable(
              "The metadata has or would have numbers that are too long or too many levels"));
    }
  }

  /** Parses metadata. Any value that is not an object counts as an empty object. */
  private static ObjectNode object(@Nullable String text) {
    return text != null && WireJson.mapper().readTree(text) instanceof ObjectNode object
        ? object
        : NODES.objectNode();
  }

  /** Applies an operation; returns how many nulls it inserted into arrays. */
  private static int apply(ObjectNode metadata, ObjectNode operation) {
    JsonNode value = operation.path("value");
    String key = operation.path("key").asString();
    MetadataPath path = MetadataPath.of(key);
    JsonNode old = path.get(metadata);
    return switch (operation.path("type").asString()) {
      case "set" -> path.set(metadata, value.deepCopy());
      case "delete" -> {
        metadata.remove(key);
        yield 0;
      }
      case "append" -> path.set(metadata, appended(old, value));
      case "remove" ->
          old instanceof ArrayNode array ? path.set(metadata, without(array, value)) : 0;
      default -> path.set(metadata, sum(old, value));
    };
  }

  private static ArrayNode appended(@Nullable JsonNode old, JsonNode value) {
    ArrayNode array = NODES.arrayNode();
    if (old instanceof ArrayNode before) {
      array.addAll(before);
    } else if (old != null) {
      array.add(old);
    }
    return array.add(value.deepCopy());
  }

  private static ArrayNode without(ArrayNode array, JsonNode value) {
    ArrayNode rest = NODES.arrayNode();
    for (JsonNode element : array) {
      if (!element.equals(value)) {
        rest.add(element);
      }
    }
    return rest;
  }

  /** Adds integers as longs unless that overflows; other numbers as doubles, as clients do. */
  private static JsonNode sum(@Nullable JsonNode old, JsonNode value) {
    if (old == null || !old.isNumber()) {
      return value.deepCopy();
    }
    if (old.isIntegralNumber()
        && value.isIntegralNumber()
        && old.canConvertToLong()
        && value.canConvertToLong()) {
      long a = old.longValue();
      long b = value.longValue();
      if (((a ^ (a + b)) & (b ^ (a + b))) >= 0) {
        return NODES.numberNode(a + b);
      }
    }
    double sum = old.doubleValue() + value.doubleValue();
    return Double.isFinite(sum) ? NODES.numberNode(sum) : old;
  }
}
