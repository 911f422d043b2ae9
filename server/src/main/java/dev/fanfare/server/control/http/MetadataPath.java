package dev.fanfare.server.control.http;

import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The place in metadata that an operation changes. A key that begins with {@code $.} is a path,
 * such as {@code $.steps[2].name}; any other key is the name of a field.
 */
final class MetadataPath {
  private static final String PATH = "$.";
  private static final Pattern STEP = Pattern.compile("([^.\\[\\]]+)|\\[(\\d{1,4})]|\\.");
  private static final int STEPS_MAX = 100;

  /** Names that would change a prototype in JavaScript clients. */
  private static final Set<String> FORBIDDEN = Set.of("__proto__", "constructor", "prototype");

  private final List<Object> steps; // each a String (field name) or an Integer (index)

  private MetadataPath(List<Object> steps) {
    this.steps = steps;
  }

  static MetadataPath of(String key) {
    if (key.equals("__proto__")) {
      throw forbidden(key);
    }
    if (!key.startsWith(PATH)) {
      return new MetadataPath(List.of(key));
    }
    List<Object> steps = new ArrayList<>();
    int position = PATH.length();
    // Step by step, because one pattern for the whole path would recurse with each step.
    Matcher step = STEP.matcher(key);
    while (steps.size() <= STEPS_MAX && step.region(position, key.length()).lookingAt()) {
      String name = step.group(1);
      if (name != null && FORBIDDEN.contains(name)) {
        throw forbidden(name);
      }
      if (name != null) {
        steps.add(name);
      } else if (step.group(2) != null) {
        steps.add(Integer.valueOf(step.group(2)));
      }
      position = step.end();
    }
    if (position < key.length()
        || steps.isEmpty()
        || steps.size() > STEPS_MAX
        || !(steps.getFirst() instanceof String)) {
      throw HttpError.validation("key: is not a valid path: " + RequestTexts.shortened(key));
    }
    return new MetadataPath(steps);
  }

  private static HttpError forbidden(String name) {
    return HttpError.validation("key: must not contain " + name);
  }

  /** Returns the value at this path; {@code null} if there is none. */
  @Nullable JsonNode get(ObjectNode root) {
    JsonNode node = root;
    for (Object step : steps) {
      node = step(node, step);
      if (node == null) {
        return null;
      }
    }
    return node;
  }

  private static @Nullable JsonNode step(JsonNode node, Object step) {
    return step instanceof Integer index ? node.get(index) : node.get((String) step);
  }

  /**
   * Sets the value at this path. Inserts missing objects and arrays on the way.
   *
   * @return how many nulls were inserted into arrays in front of the index
   */
  int set(ObjectNode root, JsonNode value) {
    int nulls = 0;
    JsonNode node = root;
    for (int i = 0; i < steps.size() - 1; i++) {
      JsonNode next = step(node, steps.get(i));
      boolean array = steps.get(i + 1) instanceof Integer;
      if (next == null || (array ? !next.isArray() : !next.isObject())) {
        next = array ? JsonNodeFactory.instance.arrayNode() : JsonNodeFactory.instance.objectNode();
        nulls += put(node, steps.get(i), next);
      }
      node = next;
    }
    return nulls + put(node, steps.getLast(), value);
  }

  private static int put(JsonNode node, Object step, JsonNode value) {
    if (node instanceof ArrayNode array && step instanceof Integer index) {
      int nulls = Math.max(0, index - array.size());
      while (array.size() <= index) {
        array.addNull();
      }
      array.set(index, value);
      return nulls;
    }
    if (node instanceof ObjectNode object && step instanceof String name) {
      object.set(name, value);
    }
    return 0;
  }
}
