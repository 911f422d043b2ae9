package dev.fanfare.server.run;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.WireJson;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.ObjectWriter;

/** An error as the text that is stored. */
public final class StoredError {
  /** Escaped, because a message may hold what no database text can: U+0000 and lone surrogates. */
  private static final ObjectWriter WRITER =
      WireJson.mapper().writer().with(JsonWriteFeature.ESCAPE_NON_ASCII);

  private StoredError() {}

  /** Writes what {@link #read} reads. */
  public static String write(RunError error) {
    return WRITER.writeValueAsString(error);
  }

  /** Reads what was stored. */
  public static RunError read(String text) {
    return WireJson.mapper().readValue(text, RunError.class);
  }
}
