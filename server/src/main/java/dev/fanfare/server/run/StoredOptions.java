package dev.fanfare.server.run;

import dev.fanfare.server.json.JsonReader;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Converts the options without a column of their own to stored text, and back. */
public final class StoredOptions {
  private StoredOptions() {}

  /** A JSON object of options, from their names and JSON texts; {@code null} when empty. */
  public static @Nullable String write(Map<String, String> options) {
    if (options.isEmpty()) {
      return null;
    }
    StringBuilder json = new StringBuilder();
    options.forEach((name, raw) ->
        json.append(json.isEmpty() ? "{\"" : ",\"").append(name).append("\":").append(raw));
    return json.append('}').toString();
  }

  /** The names and JSON texts of stored options; empty when {@code stored} is {@code null}. */
  public static Map<String, String> read(@Nullable String stored) {
    Map<String, String> options = new LinkedHashMap<>();
    if (stored != null) {
      JsonReader.readObject(
          new ByteArrayInputStream(stored.getBytes(StandardCharsets.UTF_8)),
          (reader, name) -> options.put(name, reader.raw(Integer.MAX_VALUE).text()));
    }
    return options;
  }

  /** Stored options, with the values of {@code names} replaced by those in {@code newer}. */
  public static @Nullable String replaced(
      @Nullable String stored, @Nullable String newer, Set<String> names) {
    Map<String, String> options = read(stored);
    read(newer)
        .forEach((name, raw) -> {
          if (names.contains(name)) {
            options.put(name, raw);
          }
        });
    return write(options);
  }
}
