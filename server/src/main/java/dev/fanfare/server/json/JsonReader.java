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
import tools.jackson.core.json.JsonFactory;

/**
 * Reads a JSON body in one pass, and any value of it as the very text that came in: building a tree
 * and printing it again would change numbers, escapes and the order of keys. What is not JSON ends
 * the request with 400, and so does half a surrogate pair in the name of a field, however deep.
 *
 * <p>The reader stands on a value, as a cursor does; what a caller does not read is skipped.
 * Belongs to one thread.
 */
public final class JsonReader {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // UTF-8 and nothing else: positions are counted in its bytes.
          .disable(TokenStreamFactory.Feature.CHARSET_DETECTION)
          // Names come from outside; interning them would keep them for ever.
          .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(WireJson.DEPTH_MAX)
                  // The body's limit bounds all three; numbers are kept as text, never computed.
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private final Tee tee;
  private final JsonParser parser;
  private boolean holding; // a value is being taken whole: its beginning must not be forgotten

  private JsonReader(InputStream body) {
    this.tee = new Tee(body);
    this.parser = FACTORY.createParser(ObjectReadContext.empty(), tee);
  }

  /**
   * Reads a body that must be one JSON object.
   *
   * @param fields called with each name, the reader standing on its value
   */
  public static void readObject(InputStream body, ObjectFields fields) {
    JsonReader reader = new JsonReader(body);
    if (parse(reader.parser::nextToken) == null) {
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

  /** Takes the fields of the body. */
  @FunctionalInterface
  public interface ObjectFields {
    /** One field; {@code reader} stands on its value. */
    void field(JsonReader reader, String name);
  }

  /** Goes through the fields of the object it stands on. */
  public void object(Consumer<String> field) {
    while (parse(parser::nextToken) != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parse(parser::nextToken);
      forgetWhatPassed();
      field.accept(name);
      skip();
    }
  }

  /** Goes through the elements of the array it stands on, counting from 0. */
  public void array(IntConsumer element) {
    int index = 0;
    while (parse(parser::nextToken) != JsonToken.END_ARRAY) {
      forgetWhatPassed();
      element.accept(index++);
      skip();
    }
  }

  /** Whether it stands on an object. */
  public boolean isObject() {
    return parser.currentToken() == JsonToken.START_OBJECT;
  }

  /** Whether it stands on an array. */
  public boolean isArray() {
    return parser.currentToken() == JsonToken.START_ARRAY;
  }

  /** Whether it stands on a string. */
  public boolean isString() {
    return parser.currentToken() == JsonToken.VALUE_STRING;
  }

  /** Whether it stands on a number. */
  public boolean isNumber() {
    return parser.currentToken() == JsonToken.VALUE_NUMBER_INT
        || parser.currentToken() == JsonToken.VALUE_NUMBER_FLOAT;
  }

  /** Whether it stands on a number written without fraction and exponent. */
  public boolean isInteger() {
    return parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
  }

  /** Whether it stands on {@code null}. */
  public boolean isNull() {
    return parser.currentToken() == JsonToken.VALUE_NULL;
  }

  /** {@code true} or {@code false}, or {@code null} when it stands on something else. */
  public @Nullable Boolean flag() {
    return switch (parser.currentToken()) {
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  /** The text of the string or number it stands on, escapes resolved. */
  public String string() {
    return parse(parser::getString);
  }

  /** Goes through every name and string of the value it stands on, however deep, in no order. */
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

  /** The value it stands on, whatever it is, as the text that came in. */
  public String raw() {
    return raw(() -> {});
  }

  /** The value it stands on as the text that came in, after {@code check} went through it. */
  public String raw(Runnable check) {
    boolean outer = holding;
    holding = true;
    long from = parser.currentTokenLocation().getByteOffset();
    check.run();
    skip();
    holding = outer;
    return tee.text(from, parser.currentLocation().getByteOffset());
  }

  private void skip() {
    parse(() -> {
      parser.skipChildren();
      parser.finishToken(); // a string is read lazily, and its end is where we want to be
      return parser;
    });
  }

  /** Nothing but white space may follow. */
  private void end() {
    if (parse(parser::nextToken) != null) {
      throw invalid();
    }
  }

  private void forgetWhatPassed() {
    if (holding) {
      return;
    }
    tee.forgetBefore(parser.currentTokenLocation().getByteOffset());
  }

  private static <T extends @Nullable Object> T parse(Supplier<T> step) {
    try {
      return step.get();
    } catch (JacksonIOException e) {
      throw new UncheckedIOException(e.getCause());
    } catch (JacksonException e) {
      throw invalid();
    }
  }

  static JsonException invalid() {
    return JsonException.malformed();
  }
}
