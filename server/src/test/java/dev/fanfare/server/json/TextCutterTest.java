package dev.fanfare.server.json;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.testkit.Seed;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextCutterTest {
  private static final int MAX = 10;

  private static String cut(String json, AtomicInteger values) {
    try (TextCutter cutter =
        new TextCutter(
            new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)),
            MAX,
            values::addAndGet)) {
      return new String(cutter.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String cut(String json) {
    return cut(json, new AtomicInteger());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "[1,2.5e-7,true,null,\"short\"]",
        "{\"a\":\"0123456789\",\"b\":\"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"}",
        "\"\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\"",
        "\"\\ud83d\\ude00\\ud83d\\ude00\"",
        "\"😀😀é\"",
        "not \"json"
      })
  void what_is_short_passes_unchanged(String json) {
    assertThat(cut(json)).isEqualTo(json);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "é",
        "語",
        "😀",
        "\\n",
        "\\\"",
        "\\\\",
        "\\u0001",
        "\\u8a9e",
        "\\ud83d\\ude00"
      })
  void a_long_string_is_cut_and_still_too_long(String unit) {
    String cut = cut("{\"a\":\"" + unit.repeat(1_000) + "\",\"b\":\"c\"}");

    assertThat(cut.length()).isLessThan(200);
    var read = WireJson.mapper().readTree(cut);
    assertThat(read.get("b").asString()).isEqualTo("c");
    assertThat(read.get("a").asString().getBytes(StandardCharsets.UTF_8).length)
        .isBetween(MAX + 1, MAX + 8);
  }

  @Test
  void a_long_name_and_a_long_number_are_cut() {
    assertThat(cut("{\"" + "n".repeat(1_000) + "\":1}")).hasSizeLessThan(30);
    assertThat(cut("[" + "7".repeat(1_000_000) + "]")).hasSizeLessThan(3_000);
  }

  @Test
  void values_are_counted_while_they_are_read() {
    AtomicInteger values = new AtomicInteger();
    cut("[" + "{},".repeat(1_000) + "\",,,,\"]", values);
    assertThat(values.get()).isBetween(1_700, 2_002);
  }

  /** Nothing depends on where the reads of the source end. */
  @Test
  void a_text_within_the_limit_is_never_changed() {
    Seed.run(
        200,
        random -> {
          StringBuilder text = new StringBuilder();
          for (int i = random.nextInt(0, MAX + 1); i > 0; i--) {
            text.append((char) random.nextInt(1, 0x80));
          }
          String json = WireJson.mapper().writeValueAsString(text.toString());
          assertThat(cut(json)).isEqualTo(json);
        });
  }
}
