package dev.fanfare.server.json;

import dev.fanfare.protocol.WireJson;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;

/**
 * A streaming reader of a JSON body, which can return any value as the original text: to build a
 * tree and write it again would change numbers, escapes and the order of keys. A body that is not
 * JSON causes a {@link JsonException}, and so does a lone surrogate in the name of a field.
 *
 * <p>The reader is a cursor: its methods refer to the current value. It skips values that the
 * caller does not read. Confined to one thread.
 */
public final class JsonReader {
  /**
   * The longest number, name of a field, and string that is read without its quotes. Strings that
   * are returned as their original text may be longer.
   */
  static final int TEXT_CHARS_MAX = 4 * 1024 * 1024;

  /** The longest original text, for callers that name no limit. */
  static final int RAW_BYTES_MAX = 256 * 1024;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // Only UTF-8: the positions are counted in its bytes.
          .disable(TokenStreamFactory.Feature.CHARSET_DETECTION)
          // Clients choose the names; interning would keep all of them in memory.
          .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(WireJson.DEPTH_MAX)
                  // Refused while they are read: the parser would hold several copies of them.
                  .maxStringLength(TEXT_CHARS_MAX)
                  .maxNameLength(TEXT_CHARS_MAX)
                  .maxNumberLength(TEXT_CHARS_MAX) // numbers are texts, never parsed
                  .build())
          .build();

  private final Tee tee;
  private final JsonParser parser;
  private boolean keeping; // while a value is read as text, its beginning must stay buffered
  private boolean ahead; // the current token is the one after the current value

  private JsonReader(InputStream body) {
    this.tee = new Tee(body);
    this.parser = FACTORY.createParser(ObjectReadContext.empty(), tee);
  }

  /**
   * Reads a body that must be one JSON object.
   *
   * @param fields called for each field
   * @throws JsonException when the body is not a JSON object
   */
  public static void readObject(InputStream body, ObjectFields fields) {
    JsonReader reader = new JsonReader(body);
    if (reader.next() == null) {
      throw JsonException.unexpected("Request body is empty");
    }
    if (!reader.isObject()) {
      reader.skip();
      reader.end();
      throw JsonException.unexpected("Validation error: the body must be an object");
    }
    reader.object(name -> fields.field(reader, name));
    reader.end();
  }

  /** Reads the fields of the body. */
  @FunctionalInterface
  public interface ObjectFields {
    /** Reads a field; its value is the current value of {@code reader}. */
    void field(JsonReader reader, String name);
  }

  /** Calls {@code field} with the name of each field of the current object. */
  public void object(Consumer<String> field) {
    while (next() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      next();
      dropPast();
      field.accept(name);
      skip();
    }
  }

  /** Calls {@code element} with the index, from 0, of each element of the current array. */
  public void array(IntConsumer element) {
    int index = 0;
    while (next() != JsonToken.END_ARRAY) {
      dropPast();
      element.accept(index++);
      skip();
    }
  }

  /** Whether the current value is an object. */
  public boolean isObject() {
    return parser.currentToken() == JsonToken.START_OBJECT;
  }

  /** Whether the current value is an array. */
  public boolean isArray() {
    return parser.currentToken() == JsonToken.START_ARRAY;
  }

  /** Whether the current value is a string. */
  public boolean isString() {
    return parser.currentToken() == JsonToken.VALUE_STRING;
  }

  /** Whether the current value is a number. */
  public boolean isNumber() {
    return parser.currentToken() == JsonToken.VALUE_NUMBER_INT
        || parser.currentToken() == JsonToken.VALUE_NUMBER_FLOAT;
  }

  /** Whether the current value is a number without fraction and exponent. */
  public boolean isInteger() {
    return parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
  }

  /** Whether the current value is {@code null}. */
  public boolean isNull() {
    return parser.currentToken() == JsonToken.VALUE_NULL;
  }

  /** The current boolean, or {@code null} when the current value is not a boolean. */
  public @Nullable Boolean flag() {
    return switch (parser.currentToken()) {
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  /** The current string without quotes and escapes, or the text of the current number. */
  public String string() {
    return parse(parser::getString);
  }

  /** Calls {@code text} with every field name and string in the current value, at any depth. */
  public void texts(Consumer<String> text) {
    if (isObject()) {
      object(name -> {
        text.accept(name);
        texts(text);
      });
    } else if (isArray()) {
      array(index -> texts(text));
    } else if (isString()) {
      text.accept(string());
    }
  }

  /**
   * A value as its original text.
   *
   * @param text absent: the value is longer than its caller allows, and was not kept
   * @param bytes its length in UTF-8
   */
  public record Raw(@Nullable String text, long bytes) {}

  /**
   * The current value as the original text, unless it has more than {@code bytesMax} bytes. It ends
   * the current value: nothing else may be read of it.
   */
  public Raw raw(int bytesMax) {
    return raw(() -> {}, bytesMax);
  }

  /**
   * The current value as the original text.
   *
   * @throws JsonException if it has more than {@link #RAW_BYTES_MAX} bytes
   */
  public String raw() {
    return raw(() -> {});
  }

  /** As {@link #raw()}, after {@code check} has read the value. */
  public String raw(Runnable check) {
    String text = raw(check, RAW_BYTES_MAX).text();
    if (text == null) {
      throw JsonException.tooLong("A value", RAW_BYTES_MAX, "bytes");
    }
    return text;
  }

  private Raw raw(Runnable check, int bytesMax) {
    long from = parser.currentTokenLocation().getByteOffset();
    boolean outer = keeping;
    if (!outer) {
      tee.keep(from, bytesMax);
    }
    keeping = true;
    check.run();
    long to = endOfValue(from);
    keeping = outer;
    long bytes = to - from;
    String text = bytes > bytesMax ? null : tee.text(from, to);
    if (!outer) {
      tee.keepAsUsual();
    }
    return new Raw(text, bytes);
  }

  /** Passes the current value; returns the position of its end. */
  private long endOfValue(long from) {
    // The parser passes a string without holding it only on its way to the next token. A string
    // whose beginning was dropped has been read to its end.
    if (!isString() || !tee.findStringEnd(from)) {
      skip();
      return parser.currentLocation().getByteOffset();
    }
    parse(parser::nextToken);
    ahead = true;
    return tee.stringEnd();
  }

  private @Nullable JsonToken next() {
    if (ahead) {
      ahead = false;
      return parser.currentToken();
    }
    return parse(parser::nextToken);
  }

  /** Passes what is left of the current value, except a string, which the next token passes. */
  private void skip() {
    if (!ahead) {
      parse(parser::skipChildren);
    }
  }

  /** Checks that only white space follows. */
  private void end() {
    if (next() != null) {
      throw invalid();
    }
  }

  private void dropPast() {
    if (!keeping) {
      tee.dropBefore(parser.currentTokenLocation().getByteOffset());
    }
  }

  private <T extends @Nullable Object> T parse(Supplier<T> step) {
    try {
      return step.get();
    } catch (JacksonIOException e) {
      throw new UncheckedIOException(e.getCause());
    } catch (StreamConstraintsException e) {
      throw parser.streamReadContext().getNestingDepth() >= WireJson.DEPTH_MAX
          ? invalid()
          : JsonException.tooLong("A text", TEXT_CHARS_MAX, "characters");
    } catch (JacksonException e) {
      throw invalid();
    }
  }

  static JsonException invalid() {
    return JsonException.malformed();
  }
}
