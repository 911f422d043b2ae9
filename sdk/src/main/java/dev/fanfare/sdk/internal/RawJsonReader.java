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
 * Reads {@link RawJson} by cutting it out of the text that is read. A mapper that does not tell the
 * text, because an application calls it by itself, gets the value printed anew: equal, not the
 * same.
 */
public final class RawJsonReader extends ValueDeserializer<RawJson> {
  private static final Object TEXT = RawJsonReader.class;

  /** Reads exactly this text, and cuts every {@link RawJson} out of it. */
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
    parser.finishToken(); // strings are read lazily: without this the end is not known
    int end = (int) parser.currentLocation().getCharOffset();
    return new RawJson(text.substring(begin, end));
  }

  @Override
  public RawJson getNullValue(DeserializationContext context) {
    return new RawJson("null");
  }

  /** A field that is not there is {@code null}, in contrast to one that is JSON null. */
  @Override
  public @Nullable Object getAbsentValue(DeserializationContext context) {
    return null;
  }
}
