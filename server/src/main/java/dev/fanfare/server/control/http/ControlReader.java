package dev.fanfare.server.control.http;

import dev.fanfare.protocol.Limits;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.json.JsonReader;
import dev.fanfare.server.text.Durations;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the request bodies that have a single field. */
final class ControlReader {
  private static final int DELAY_CHARS_MAX = 256;

  /** Bounds what is read before the limit of tags is checked, which is much lower. */
  private static final int TAGS_READ_MAX = 1_000;

  private ControlReader() {}

  /** Reads {@code {delay}}: the time until which a run waits. */
  static Instant delay(InputStream body, Instant now) {
    String delay = text(body, "delay");
    if (delay == null || delay.length() > DELAY_CHARS_MAX) {
      throw new HttpError(400, "Invalid request body");
    }
    Instant until = Durations.end(delay, now);
    if (until == null) {
      throw new HttpError(400, "Invalid delay: " + delay);
    }
    return until;
  }

  /** Reads {@code {tags}}: one tag or several. Drops blank ones. */
  static List<String> tags(InputStream body) {
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
      throw invalid("tags: must have at most " + TAGS_READ_MAX + " elements");
    }
    RequestTexts.storable("tags", tag);
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

  /** Reads {@code {taskIdentifier}}: the task of an idempotency key. */
  static String task(InputStream body) {
    String task = text(body, "taskIdentifier");
    if (task == null) {
      throw HttpError.validation("taskIdentifier: must be a string");
    }
    return RequestTexts.taskId("taskIdentifier", task);
  }

  /** Reads one field; {@code null} if it is absent or not a string. */
  private static @Nullable String text(InputStream body, String field) {
    String[] text = new String[1];
    JsonReader.readObject(
        body,
        (reader, name) -> {
          if (name.equals(field) && reader.isString()) {
            text[0] = reader.string();
          }
        });
    return text[0];
  }
}
