package dev.fanfare.sdk;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Changes to a run's metadata, made one after the other and all at once: many callers may change
 * the same run, and no change is lost. A key that begins with {@code $.} is a path, such as {@code
 * $.steps[0].name}. Immutable: each method returns another one.
 *
 * {@snippet :
 * fanfare.updateMetadata(runId, MetadataUpdate.none().set("step", "resize").increment("done", 1));
 * }
 */
public final class MetadataUpdate {
  private static final MetadataUpdate NONE = new MetadataUpdate(List.of(), true);

  private final List<Map<String, ?>> operations;
  private final boolean repeatable;

  private MetadataUpdate(List<Map<String, ?>> operations, boolean repeatable) {
    this.operations = operations;
    this.repeatable = repeatable;
  }

  /** No changes, to begin with. */
  public static MetadataUpdate none() {
    return NONE;
  }

  /** Gives {@code key} a value, encoded as JSON. */
  public MetadataUpdate set(String key, @Nullable Object value) {
    return with(operation("set", key, value), true);
  }

  /** Takes {@code key} away; nothing happens when it is not there. */
  public MetadataUpdate delete(String key) {
    return with(Map.of("type", "delete", "key", key), true);
  }

  /** Adds a value, encoded as JSON, at the end of the list {@code key}. */
  public MetadataUpdate append(String key, @Nullable Object value) {
    return with(operation("append", key, value), false);
  }

  /** Takes a value, encoded as JSON, out of the list {@code key}, however often it is there. */
  public MetadataUpdate remove(String key, @Nullable Object value) {
    return with(operation("remove", key, value), true);
  }

  /** Adds to the number {@code key}; negative: subtracts. */
  public MetadataUpdate increment(String key, Number by) {
    return with(operation("increment", key, by), false);
  }

  private static Map<String, @Nullable Object> operation(
      String type, String key, @Nullable Object value) {
    Map<String, @Nullable Object> operation = new LinkedHashMap<>();
    operation.put("type", type);
    operation.put("key", key);
    operation.put("value", value);
    return operation;
  }

  private MetadataUpdate with(Map<String, ?> operation, boolean operationRepeatable) {
    List<Map<String, ?>> more = new ArrayList<>(operations);
    more.add(operation);
    return new MetadataUpdate(List.copyOf(more), repeatable && operationRepeatable);
  }

  List<Map<String, ?>> operations() {
    return operations;
  }

  /** Whether making the changes twice is the same as making them once. */
  boolean isRepeatable() {
    return repeatable;
  }
}
