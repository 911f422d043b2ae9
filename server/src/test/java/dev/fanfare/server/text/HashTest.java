package dev.fanfare.server.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HashTest {
  @Test
  void a_hash_is_the_sha_256_of_the_utf_8_text() {
    assertThat(Hash.of("abc").hex())
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThat(Hash.of("").hex())
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assertThat(Hash.of("é").hex())
        .isEqualTo("4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c");
  }

  @Test
  void hashes_are_equal_by_value_and_immutable() {
    Hash hash = Hash.of("a");
    assertThat(hash).isEqualTo(Hash.of("a")).hasSameHashCodeAs(Hash.of("a"));
    assertThat(hash).isNotEqualTo(Hash.of("b"));
    hash.bytes()[0]++;
    assertThat(hash).isEqualTo(Hash.of("a"));
  }
}
