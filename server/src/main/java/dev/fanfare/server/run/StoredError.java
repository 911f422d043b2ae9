package dev.fanfare.server.run;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.WireJson;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.ObjectWriter;

/** Converts errors to the text that is stored, and back. */
public final class StoredError {
  /**
   * Escapes, because a message may contain U+0000 and lone surrogates, which text columns cannot.
   */
  private static final ObjectWriter WRITER =
      WireJson.mapper().writer().with(JsonWriteFeature.ESCAPE_NON_ASCII);

  private StoredError() {}

  /** The text to store for an error. */
  public static String write(RunError error) {
    return WRITER.writeValueAsString(error);
  }

  /** The error that a stored text describes. */
  public static RunError read(String text) {
    return WireJson.mapper().readValue(text, RunError.class);
  }
}
