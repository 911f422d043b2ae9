package dev.fanfare.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class KeyCipherTest {
  private static final String KEY = "tr_dev_ABCDEFGHIJKLMNOPQRSTUVWX";

  private final KeyCipher cipher = new KeyCipher(new byte[32]);

  @Test
  void the_same_key_decrypts_what_it_encrypted() {
    assertThat(new KeyCipher(new byte[32]).decrypt(cipher.encrypt(KEY))).isEqualTo(KEY);
    assertThat(cipher.decrypt(cipher.encrypt(""))).isEmpty();
    assertThat(cipher.decrypt(cipher.encrypt("ключ 😀"))).isEqualTo("ключ 😀");
  }

  @Test
  void the_same_text_is_encrypted_differently_each_time_and_stays_unreadable() {
    assertThat(cipher.encrypt(KEY)).isNotEqualTo(cipher.encrypt(KEY));
    assertThat(new String(cipher.encrypt(KEY), StandardCharsets.ISO_8859_1)).doesNotContain("tr_");
  }

  @Test
  void decrypting_with_another_key_fails_and_names_the_wrong_setting() {
    byte[] other = new byte[32];
    other[31] = 1;
    byte[] sealed = cipher.encrypt(KEY);
    assertThatThrownBy(() -> new KeyCipher(other).decrypt(sealed))
        .isInstanceOf(KeyCipher.WrongKeyException.class)
        .hasMessageContaining("FANFARE_ENCRYPTION_KEY");
  }

  @Test
  void a_change_of_any_byte_is_detected() {
    byte[] sealed = cipher.encrypt(KEY);
    for (int i = 0; i < sealed.length; i++) {
      byte[] changed = sealed.clone();
      changed[i] ^= 1;
      assertThatThrownBy(() -> cipher.decrypt(changed))
          .isInstanceOf(KeyCipher.WrongKeyException.class);
    }
  }

  @Test
  void a_key_of_the_wrong_length_is_refused() {
    assertThatThrownBy(() -> new KeyCipher(new byte[16]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
