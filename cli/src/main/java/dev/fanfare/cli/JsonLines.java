package dev.fanfare.cli;

import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Encodes each log event as one line of JSON whose text is in {@code message}, where log collectors
 * expect it. Logback's own encoder calls the complete text {@code formattedMessage}. Named by
 * {@code logback-json.xml}.
 */
public final class JsonLines extends JsonEncoder {
  // Within a JSON text, quotes are escaped, so only the key itself matches.
  private static final Pattern KEY = Pattern.compile("\"formattedMessage\":");

  /** Created by Logback. */
  public JsonLines() {
    setWithFormattedMessage(true);
    setWithMessage(false);
    setWithArguments(false);
    setWithContext(false);
    setWithSequenceNumber(false);
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    String line = new String(super.encode(event), StandardCharsets.UTF_8);
    return KEY.matcher(line).replaceFirst("\"message\":").getBytes(StandardCharsets.UTF_8);
  }
}
