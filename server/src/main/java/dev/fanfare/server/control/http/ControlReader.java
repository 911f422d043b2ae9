package dev.fanfare.server.control.http;

import dev.fanfare.protocol.Limits;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Texts;
import dev.fanfare.server.json.JsonReader;
import dev.fanfare.server.text.Durations;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads the small bodies of the calls that change a run: one field each. */
final class ControlReader {
  private static final int TEXT_CHARS_MAX = 256;

  /** More than a run can have, and few enough to read before saying so. */
  private static final int TAGS_READ_MAX = 1_000;

  private ControlReader() {}

  /** The time that a run is moved to. */
  public static Instant delay(InputStream body, Instant now) {
    String[] text = new String[1];
    JsonReader.readObject(
        body,
        (reader, name) -> {
          if (name.equals("delay") && reader.isString()) {
            text[0] = reader.string();
          }
        });
    if (text[0] == null || text[0].length() > TEXT_CHARS_MAX) {
      throw new HttpError(400, "Invalid request body");
    }
    Instant until = Durations.end(text[0], now);
    if (until == null) {
      throw new HttpError(400, "Invalid delay: " + text[0]);
    }
    return until;
  }

  /** The tags to add, blank ones dropped. */
  public static List<String> tags(InputStream body) {
    List<String> tags = new ArrayList<>();
    boolean[] seen = new boolean[1];
    JsonReader.readObject(
        body,
        (reader, name) -> {
          if (name.equals("tags")) {
            seen[0] = true;
            tags.clear();
            if (reader.isArray()) {
              reader.array(index -> add(tags, reader));
            } else {
              add(tags, reader);
            }
          }
        });
    if (!seen[0]) {
      throw invalid("tags: is required");
    }
    return tags;
  }

  private static void add(List<String> tags, JsonReader reader) {
    if (!reader.isString()) {
      throw invalid("tags: must be a string or an array of strings");
    }
    String tag = reader.string();
    if (tag.length() > Limits.TAG_CHARS_MAX) {
      throw invalid("tags: a tag must have at most " + Limits.TAG_CHARS_MAX + " characters");
    }
    if (tags.size() == TAGS_READ_MAX) {
      throw invalid("tags: must be at most " + TAGS_READ_MAX);
    }
    Texts.storable("tags", tag);
    if (!tag.isBlank()) {
      tags.add(tag);
    }
  }

  private static HttpError invalid(String message) {
    return new HttpError(
        Response.json(
            400,
            Map.of(
                "error",
                "Invalid request body",
                "issues",
                List.of(Map.of("code", "custom", "path", List.of("tags"), "message", message)))));
  }

  /** The task whose key is freed. */
  public static String task(InputStream body) {
    String[] task = new String[1];
    JsonReader.readObject(
        body,
        (reader, name) -> {
          if (name.equals("taskIdentifier") && reader.isString()) {
            task[0] = reader.string();
          }
        });
    if (task[0] == null) {
      throw HttpError.validation("taskIdentifier: must be a string");
    }
    return Texts.taskId("taskIdentifier", task[0]);
  }
}
