package dev.fanfare.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SurrogatesTest {
  private static final String PAIR = "\ud83d\ude00";

  @Test
  void texts_without_lone_surrogates_stay_as_they_are() {
    for (String text : new String[] {"", "plain", "a" + PAIR + "b", PAIR + PAIR}) {
      assertThat(Surrogates.hasLone(text)).isFalse();
      assertThat(Surrogates.escapeLone(text)).isSameAs(text);
      assertThat(Surrogates.replaceLone(text)).isSameAs(text);
    }
  }

  @Test
  void every_lone_surrogate_is_escaped_and_pairs_stay() {
    assertThat(Surrogates.escapeLone("\"a\ud83d\"")).isEqualTo("\"a\\ud83d\"");
    assertThat(Surrogates.escapeLone("\ude00" + PAIR + "\ud83d\ud83d"))
        .isEqualTo("\\ude00" + PAIR + "\\ud83d\\ud83d");
  }

  @Test
  void every_lone_surrogate_is_replaced_and_pairs_stay() {
    assertThat(Surrogates.replaceLone("\ude00" + PAIR + "\ud83dx\ud83d"))
        .isEqualTo("\ufffd" + PAIR + "\ufffdx\ufffd");
  }

  @Test
  void a_half_at_either_end_is_found() {
    assertThat(Surrogates.hasLone("\ude00ab")).isTrue();
    assertThat(Surrogates.hasLone("ab\ud83d")).isTrue();
    assertThat(Surrogates.hasLone(PAIR + "\ude00")).isTrue();
  }
}
