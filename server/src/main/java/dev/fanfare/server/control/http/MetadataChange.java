package dev.fanfare.server.control.http;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.control.ChangeRuns;
import dev.fanfare.server.control.MetadataChanges;
import dev.fanfare.server.control.MetadataEdit;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import dev.fanfare.server.text.Surrogates;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A change to the metadata of one run: what replaces it, then operations in their order. */
final class MetadataChange implements MetadataEdit {
  /** The operation that has no key: it replaces everything. */
  private static final String WHOLE = "update";

  private static final Set<String> TYPES =
      Set.of("set", "delete", "append", "remove", "increment", WHOLE);
  private static final int OPERATIONS_MAX = 10_000;

  /** Each is {@code null}, so more of them make metadata that is too large. */
  private static final int FILLED_MAX = Limits.METADATA_BYTES_MAX / "null,".length();

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final ObjectWriter WRITER =
      WireJson.mapper().writer().with(JsonWriteFeature.ESCAPE_NON_ASCII);

  private final @Nullable ObjectNode whole;
  private final List<ObjectNode> operations;

  private MetadataChange(@Nullable ObjectNode whole, List<ObjectNode> operations) {
    this.whole = whole;
    this.operations = operations;
  }

  /**
   * Reads {@code {metadata?, operations?, parentOperations?, rootOperations?}}, and refuses what
   * cannot be done to any metadata.
   */
  public static MetadataChanges read(byte[] body) {
    JsonNode json = parse(body);
    if (!(json instanceof ObjectNode fields)) {
      throw HttpError.validation("the body must be an object");
    }
    JsonNode whole = fields.path("metadata");
    if (!whole.isMissingNode() && !whole.isNull() && !whole.isObject()) {
      throw HttpError.validation("metadata: must be an object");
    }
    List<ObjectNode> own = operations(fields, "operations");
    List<ObjectNode> parents = operations(fields, "parentOperations");
    List<ObjectNode> roots = operations(fields, "rootOperations");
    if (own.size() + parents.size() + roots.size() > OPERATIONS_MAX) {
      throw HttpError.validation("operations: must be at most " + OPERATIONS_MAX);
    }
    return new MetadataChanges(
        new MetadataChange(whole instanceof ObjectNode object ? object : null, own),
        parents.isEmpty() ? null : new MetadataChange(null, parents),
        roots.isEmpty() ? null : new MetadataChange(null, roots));
  }

  private static List<ObjectNode> operations(ObjectNode fields, String list) {
    JsonNode some = fields.path(list);
    if (!some.isMissingNode() && !some.isNull() && !some.isArray()) {
      throw HttpError.validation(list + ": must be an array");
    }
    List<ObjectNode> operations = new ArrayList<>();
    for (JsonNode operation : some) {
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
      throw HttpError.validation(where + ": must have one of the types " + TYPES);
    }
    String type = operation.path("type").asString();
    if (!type.equals(WHOLE)) {
      if (!operation.path("key").isString()) {
        throw HttpError.validation(where + ".key: must be a string");
      }
      MetadataPath.of(operation.path("key").asString()); // refuses what no path may hold
    }
    JsonNode value = operation.path("value");
    if (type.equals("increment") && !value.isNumber()) {
      throw HttpError.validation(where + ".value: must be a number");
    }
    if (type.equals(WHOLE) && !value.isObject()) {
      throw HttpError.validation(where + ".value: must be an object");
    }
    if (!type.equals("delete") && value.isMissingNode()) {
      throw HttpError.validation(where + ".value: is required");
    }
    return operation;
  }

  /** The metadata after the change. */
  @Override
  public Result<String> apply(@Nullable String before) {
    try {
      ObjectNode metadata = whole != null ? whole.deepCopy() : object(before);
      int filled = 0;
      for (ObjectNode operation : operations) {
        if (operation.path("type").asString().equals(WHOLE)) {
          metadata = (ObjectNode) operation.path("value").deepCopy();
        } else {
          filled += apply(metadata, operation);
        }
        if (filled > FILLED_MAX) {
          return Result.refused(ChangeRuns.metadataTooLarge());
        }
      }
      return Result.of(Surrogates.escaped(WRITER.writeValueAsString(metadata)));
    } catch (JacksonException e) {
      // What was triggered is kept as it came and may hold more than a tree can.
      return Result.refused(
          Refusal.unprocessable(
              "The metadata has or would have numbers that are too long or too many levels"));
    }
  }

  /** Metadata of another shape than an object cannot be changed key by key: it starts anew. */
  private static ObjectNode object(@Nullable String text) {
    return text != null && WireJson.mapper().readTree(text) instanceof ObjectNode object
        ? object
        : NODES.objectNode();
  }

  /** Returns how many elements were added to arrays in front of what was asked for. */
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

  /** Whole numbers stay whole as long as they fit; the rest is as the clients compute. */
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
