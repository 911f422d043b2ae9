package dev.fanfare.server.trigger.http;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.http.FieldPath;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.json.JsonReader;
import dev.fanfare.server.run.NamedParent;
import org.jspecify.annotations.Nullable;

/** Reads a parent: {@code parentRunId} and {@code resumeParentOnCompletion}. */
public final class ParentReader {
  private static final int ID_CHARS_MAX = 256;

  private @Nullable String id;
  private boolean resumes;

  /** Reads the field at the reader's position; ignores other fields. */
  public void field(JsonReader reader, String where, String name) {
    if (reader.isNull()) {
      return;
    }
    switch (name) {
      case "parentRunId" -> {
        if (!reader.isString()) {
          throw wrong(where, name, "must be a string");
        }
        id = reader.string();
        if (id.length() > ID_CHARS_MAX) {
          throw wrong(where, name, "must have at most " + ID_CHARS_MAX + " characters");
        }
      }
      case "resumeParentOnCompletion" -> {
        Boolean flag = reader.flag();
        if (flag == null) {
          throw wrong(where, name, "must be true or false");
        }
        resumes = flag;
      }
      default -> {}
    }
  }

  private static HttpError wrong(String where, String name, String what) {
    return HttpError.validation(FieldPath.of(where, name) + ": " + what);
  }

  /** The parent, after every field was read; {@code null}: none was named. */
  public @Nullable NamedParent named() {
    return id == null || id.isEmpty()
        ? null
        : new NamedParent(PublicId.parse(PublicId.RUN, id), resumes);
  }
}
