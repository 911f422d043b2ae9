package dev.fanfare.server.json;

import static org.assertj.core.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class Utf8CheckTest {
  private static boolean accepts(byte[] bytes, int part) {
    Utf8Check check = new Utf8Check();
    for (int from = 0; from < bytes.length; from += part) {
      if (!check.accepts(bytes, from, Math.min(bytes.length, from + part))) {
        return false;
      }
    }
    return check.isComplete();
  }

  private static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  @Test
  void it_agrees_with_the_jdk_on_every_two_byte_input_and_on_edge_cases_of_up_to_four() {
    int[] edges = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    for (int first = 0; first < 256; first++) {
      for (int second = 0; second < 256; second++) {
        assertSame(new byte[] {(byte) first, (byte) second});
        for (int third : edges) {
          assertSame(new byte[] {(byte) first, (byte) second, (byte) third});
          assertSame(new byte[] {(byte) first, (byte) second, (byte) third, (byte) 0x80});
        }
      }
    }
  }

  private static void assertSame(byte[] bytes) {
    boolean valid = isUtf8(bytes);
    if (accepts(bytes, 4) != valid || accepts(bytes, 1) != valid) { // far faster than to assert
      fail("%s: valid for the JDK: %s", HexFormat.of().formatHex(bytes), valid);
    }
  }
}
