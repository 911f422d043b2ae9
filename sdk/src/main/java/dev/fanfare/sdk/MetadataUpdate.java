package dev.fanfare.sdk;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A list of changes to a run's metadata, applied in order and atomically: many callers can change
 * the same run, and no change is lost. A key that begins with {@code $.} is a path, such as {@code
 * $.steps[0].name}. Immutable.
 *
 * {@snippet :
 * fanfare
 *     .runs()
 *     .updateMetadata(runId, MetadataUpdate.none().set("step", "resize").increment("done", 1));
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

  /** No changes; the start of a chain. */
  public static MetadataUpdate none() {
    return NONE;
  }

  /** Sets {@code key} to a value, encoded as JSON. */
  public MetadataUpdate set(String key, @Nullable Object value) {
    return with(operation("set", key, value), true);
  }

  /** Deletes {@code key}; no change when it is missing. */
  public MetadataUpdate delete(String key) {
    return with(Map.of("type", "delete", "key", key), true);
  }

  /** Appends a value, encoded as JSON, to the list {@code key}. */
  public MetadataUpdate append(String key, @Nullable Object value) {
    return with(operation("append", key, value), false);
  }

  /** Removes every occurrence of a value, encoded as JSON, from the list {@code key}. */
  public MetadataUpdate remove(String key, @Nullable Object value) {
    return with(operation("remove", key, value), true);
  }

  /** Adds {@code by} to the number {@code key}; a negative number subtracts. */
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

  /** Whether applying the changes twice has the same result as applying them once. */
  boolean isRepeatable() {
    return repeatable;
  }
}
