package dev.fanfare.sdk.internal;

import dev.fanfare.sdk.RawJson;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads {@link RawJson} by cutting it out of the text that is parsed, so that it is preserved to
 * the character. When an application calls its mapper directly, the text is not available; then the
 * value is parsed and printed, which keeps its meaning but not its formatting.
 */
public final class RawJsonReader extends ValueDeserializer<RawJson> {
  private static final Object TEXT = RawJsonReader.class;

  /** A reader for exactly this text; every {@link RawJson} is cut out of it. */
  public static ObjectReader of(JsonMapper mapper, JavaType type, String text) {
    return mapper.readerFor(type).withAttribute(TEXT, text);
  }

  @Override
  public RawJson deserialize(JsonParser parser, DeserializationContext context) {
    if (!(context.getAttribute(TEXT) instanceof String text)) {
      return new RawJson(context.readTree(parser).toString());
    }
    int begin = (int) parser.currentTokenLocation().getCharOffset();
    parser.skipChildren();
    parser.finishToken(); // strings are parsed lazily: without this the end is unknown
    int end = (int) parser.currentLocation().getCharOffset();
    return new RawJson(text.substring(begin, end));
  }

  @Override
  public RawJson getNullValue(DeserializationContext context) {
    return new RawJson("null");
  }

  /** A missing field is {@code null}, unlike a field with the JSON value null. */
  @Override
  public @Nullable Object getAbsentValue(DeserializationContext context) {
    return null;
  }
}
