package dev.fanfare.server.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.testkit.Seed;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonReaderTest {

  private static InputStream bytes(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns 1 to 7 bytes at a time, as the connection of a slow client does. */
  private static InputStream dripping(byte[] bytes, SplittableRandom random) {
    return new InputStream() {
      private int at;

      @Override
      public int read() {
        return at == bytes.length ? -1 : bytes[at++] & 0xFF;
      }

      @Override
      public int read(byte[] into, int offset, int length) {
        if (at == bytes.length) {
          return -1;
        }
        int count = Math.min(Math.min(length, random.nextInt(1, 8)), bytes.length - at);
        System.arraycopy(bytes, at, into, offset, count);
        at += count;
        return count;
      }
    };
  }

  private static void refused(InputStream body) {
    assertThatThrownBy(() -> JsonReader.readObject(body, (reader, name) -> reader.raw()))
        .isInstanceOf(JsonException.class);
  }

  @Test
  void every_value_is_returned_exactly_as_it_was_sent() {
    Seed.run(
        300,
        random -> {
          Documents documents = new Documents(random);
          List<String> values = new ArrayList<>();
          StringBuilder body = new StringBuilder("{");
          int fields = random.nextInt(0, 12);
          for (int i = 0; i < fields; i++) {
            values.add(documents.value(0));
            body.append(i == 0 ? "" : ",").append(documents.space());
            body.append('"').append(i).append('"').append(documents.space()).append(':');
            body.append(documents.space()).append(values.getLast()).append(documents.space());
          }
          body.append(documents.space()).append('}').append(documents.space());
          byte[] utf8 = body.toString().getBytes(StandardCharsets.UTF_8);
          List<String> read = new ArrayList<>();
          JsonReader.readObject(
              dripping(utf8, random),
              (reader, name) -> {
                assertThat(name).isEqualTo(Integer.toString(read.size()));
                read.add(reader.raw());
              });
          assertThat(read).isEqualTo(values);
        });
  }

  @Test
  void elements_of_a_long_array_can_be_read_one_by_one_or_skipped() {
    Seed.run(
        20,
        random -> {
          Documents documents = new Documents(random);
          List<String> values = new ArrayList<>();
          for (int i = 0; i < 400; i++) {
            values.add(documents.value(2));
          }
          String body = "{\"items\": [" + String.join(" ,", values) + "]}";
          List<String> read = new ArrayList<>();
          JsonReader.readObject(
              dripping(body.getBytes(StandardCharsets.UTF_8), random),
              (reader, name) ->
                  reader.array(
                      index -> read.add(index % 3 == 0 ? values.get(index) : reader.raw())));
          assertThat(read).isEqualTo(values);
        });
  }

  @Test
  void every_truncated_body_is_refused() {
    String body = "{\"a\": [1, {\"b\": \"x\\u0041é😀\"}, true, null, -1.5e3], \"c\": \"d\"}";
    byte[] whole = body.getBytes(StandardCharsets.UTF_8);
    for (int length = 0; length < whole.length; length++) {
      refused(new ByteArrayInputStream(Arrays.copyOf(whole, length)));
    }
  }

  @Test
  void invalid_utf_8_is_refused_at_any_position() {
    Seed.run(random -> {
      byte[][] bad = {
        {(byte) 0x80},
        {(byte) 0xC0, (byte) 0xAF},
        {(byte) 0xC3},
        {(byte) 0xE2, (byte) 0x82},
        {(byte) 0xED, (byte) 0xA0, (byte) 0x80},
        {(byte) 0xF5, (byte) 0x80, (byte) 0x80, (byte) 0x80},
        {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
        {(byte) 0xFF}
      };
      for (byte[] broken : bad) {
        byte[] before =
            ("{\"a\":{\"b\":[\"" + "x".repeat(random.nextInt(40))).getBytes(StandardCharsets.UTF_8);
        byte[] after = "y\"]}}".getBytes(StandardCharsets.UTF_8);
        byte[] body = Arrays.copyOf(before, before.length + broken.length + after.length);
        System.arraycopy(broken, 0, body, before.length, broken.length);
        System.arraycopy(after, 0, body, before.length + broken.length, after.length);
        refused(dripping(body, random));
      }
    });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "[]",
        "1",
        "null",
        "\"a\"",
        "{",
        "}",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":tru}",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{\"a\":1}{}",
        "{\"a\":1/*c*/}",
        "{\"a\":[1 2]}",
        "\uFEFF"
      })
  void a_body_that_is_not_one_json_object_is_refused(String body) {
    refused(bytes(body));
  }

  @Test
  void an_unpaired_surrogate_is_preserved_in_a_value_and_refused_in_a_name() {
    List<String> read = new ArrayList<>();
    JsonReader.readObject(bytes("{\"a\":\"\\ud800\"}"), (reader, name) -> read.add(reader.raw()));
    assertThat(read).containsExactly("\"\\ud800\"");
    refused(bytes("{\"\\ud800\":1}"));
    refused(bytes("{\"a\":{\"\\udc00x\":1}}"));
  }

  @Test
  void nesting_is_accepted_up_to_the_limit_and_refused_beyond_it() {
    int levels = WireJson.DEPTH_MAX - 1; // the body itself is one level
    String deep = "[".repeat(levels) + "]".repeat(levels);
    List<String> read = new ArrayList<>();
    JsonReader.readObject(bytes("{\"a\":" + deep + "}"), (reader, name) -> read.add(reader.raw()));
    assertThat(read).containsExactly(deep);
    refused(bytes("{\"a\":[" + deep + "]}"));
    refused(bytes("{\"a\":" + "[".repeat(100_000)));
  }

  @Test
  void a_broken_connection_is_not_reported_as_invalid_json() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("reset");
          }
        };
    assertThatThrownBy(() -> JsonReader.readObject(broken, (reader, name) -> {}))
        .hasCauseInstanceOf(IOException.class)
        .isNotInstanceOf(JsonException.class);
  }

  /** Generates JSON values with everything that is legal and rare. */
  private static final class Documents {
    private static final String[] ODD = {
      "\\u0000",
      "\\ud800",
      "\\udc00",
      "\\ud83d\\ude00",
      "\\\"",
      "\\\\",
      "\\/",
      "\\b\\f\\n\\r\\t",
      "é",
      "ключ",
      "😀",
      "\u2028",
      "\u007f",
      "日本",
      "\\u00e9",
      "{",
      "}",
      "[",
      "]",
      ":",
      ","
    };

    private final SplittableRandom random;

    Documents(SplittableRandom random) {
      this.random = random;
    }

    String value(int depth) {
      return switch (random.nextInt(depth < 5 ? 8 : 5)) {
        case 0 -> string();
        case 1 -> number();
        case 2 -> "true";
        case 3 -> "false";
        case 4 -> "null";
        case 5, 6 -> object(depth + 1);
        default -> array(depth + 1);
      };
    }

    private String object(int depth) {
      StringBuilder json = new StringBuilder("{").append(space());
      int fields = random.nextInt(5);
      for (int i = 0; i < fields; i++) {
        json.append(i == 0 ? "" : ",").append(space()).append(name()).append(space());
        json.append(':').append(space()).append(value(depth)).append(space());
      }
      return json.append('}').toString();
    }

    private String array(int depth) {
      StringBuilder json = new StringBuilder("[").append(space());
      int elements = random.nextInt(5);
      for (int i = 0; i < elements; i++) {
        json.append(i == 0 ? "" : ",").append(space()).append(value(depth)).append(space());
      }
      return json.append(']').toString();
    }

    private String string() {
      StringBuilder json = new StringBuilder("\"");
      int length = random.nextInt(100) == 0 ? random.nextInt(40_000) : random.nextInt(12);
      while (json.length() < length) {
        if (random.nextInt(3) == 0) {
          json.append(ODD[random.nextInt(ODD.length)]);
        } else {
          json.append((char) random.nextInt('a', 'z' + 1));
        }
      }
      return json.append('"').toString();
    }

    /** Names are decoded, so they must not contain unpaired surrogates. */
    private String name() {
      return string().replace("\\ud800", "").replace("\\udc00", "");
    }

    private String number() {
      return switch (random.nextInt(6)) {
        case 0 -> "-0";
        case 1 -> Long.toString(random.nextLong());
        case 2 -> random.nextInt(1, 10) + "0".repeat(random.nextInt(1_200));
        case 3 -> random.nextInt(100) + "." + "7".repeat(random.nextInt(1, 60));
        case 4 -> random.nextInt(9) + "E+" + random.nextInt(99_999);
        default -> "-" + random.nextInt(9) + "." + random.nextInt(9) + "e-" + random.nextInt(999);
      };
    }

    String space() {
      return switch (random.nextInt(12)) {
        case 0 -> " ";
        case 1 -> "\n\t";
        case 2 -> " ".repeat(random.nextInt(30));
        default -> "";
      };
    }
  }

  /** A body of any length that takes no memory. */
  private static InputStream repeated(String before, char unit, long times, String after) {
    InputStream units =
        new InputStream() {
          private long left = times;

          @Override
          public int read() {
            return left-- > 0 ? unit : -1;
          }
        };
    return new SequenceInputStream(new SequenceInputStream(bytes(before), units), bytes(after));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"a\":7", "{\"", "{\"a\":{\"", "{\"a\":{\"b\":0.7"})
  void a_text_that_no_field_can_take_is_refused_while_it_is_read(String before) {
    InputStream body = repeated(before, '7', 1L << 40, "");
    assertThatThrownBy(() -> JsonReader.readObject(body, (reader, name) -> reader.raw(10)))
        .isInstanceOfSatisfying(JsonException.class, e -> assertThat(e.isTooLong()).isTrue());
  }

  @Test
  void a_string_that_is_decoded_is_refused_while_it_is_read() {
    InputStream body = repeated("{\"a\":\"", '7', 1L << 40, "");
    assertThatThrownBy(() -> JsonReader.readObject(body, (reader, name) -> reader.string()))
        .isInstanceOfSatisfying(JsonException.class, e -> assertThat(e.isTooLong()).isTrue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"", "[\"", "{\"b\":[\"\\\"\",\""})
  void a_value_beyond_the_limit_of_its_reader_is_counted_but_not_kept(String opening) {
    int times = 300_000;
    String closing = opening.equals("\"") ? "\"" : opening.equals("[\"") ? "\"]" : "\"]}";
    List<JsonReader.Raw> read = new ArrayList<>();
    List<String> others = new ArrayList<>();
    JsonReader.readObject(
        repeated("{\"a\":" + opening, 'x', times, closing + " , \"c\" : \"d\"}"),
        (reader, name) -> {
          if (name.equals("a")) {
            read.add(reader.raw(1_000));
          } else {
            others.add(name + reader.raw());
          }
        });
    assertThat(read)
        .containsExactly(new JsonReader.Raw(null, opening.length() + times + closing.length()));
    assertThat(others).containsExactly("c\"d\"");
  }

  @Test
  void a_value_of_exactly_the_limit_is_kept_whatever_its_position() {
    for (int before : List.of(0, 1, 7_990, 8_000, 16_000, 65_000, 200_000)) {
      List<JsonReader.Raw> read = new ArrayList<>();
      String value = "\"" + "é\\\"".repeat(30_000) + "\"";
      int length = value.getBytes(StandardCharsets.UTF_8).length;
      InputStream body =
          repeated("{\"skipped\":[\"", 's', before, "\"],\"a\":" + value + ",\"b\":" + value + "}");
      JsonReader.readObject(
          body,
          (reader, name) -> {
            if (!name.equals("skipped")) {
              read.add(reader.raw(name.equals("a") ? length : length - 1));
            }
          });
      assertThat(read)
          .containsExactly(new JsonReader.Raw(value, length), new JsonReader.Raw(null, length));
    }
  }
}
