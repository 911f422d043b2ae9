package dev.fanfare.server.access;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encryption of secret keys at rest: AES-256-GCM, each ciphertext preceded by its own random nonce.
 * Thread-safe.
 */
public final class KeyCipher {
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;

  private final SecretKeySpec key;
  private final SecureRandom random = new SecureRandom();

  /**
   * A cipher with an encryption key.
   *
   * @param key 32 bytes
   */
  public KeyCipher(byte[] key) {
    if (key.length != 32) {
      throw new IllegalArgumentException("The encryption key must have 32 bytes");
    }
    this.key = new SecretKeySpec(key, "AES");
  }

  /** The encryption key is not the one that the stored keys were encrypted with. */
  public static final class WrongKeyException extends RuntimeException {
    WrongKeyException(GeneralSecurityException cause) {
      super(
          "The encryption key does not fit this database: set FANFARE_ENCRYPTION_KEY to the key its"
              + " secret keys were stored with",
          cause);
    }
  }

  byte[] encrypt(String text) {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    try {
      byte[] sealed =
          cipher(Cipher.ENCRYPT_MODE, nonce).doFinal(text.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.allocate(nonce.length + sealed.length).put(nonce).put(sealed).array();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  String decrypt(byte[] stored) {
    ByteBuffer buffer = ByteBuffer.wrap(stored);
    byte[] nonce = new byte[NONCE_BYTES];
    buffer.get(nonce);
    try {
      byte[] text =
          cipher(Cipher.DECRYPT_MODE, nonce)
              .doFinal(stored, NONCE_BYTES, stored.length - NONCE_BYTES);
      return new String(text, StandardCharsets.UTF_8);
    } catch (GeneralSecurityException e) {
      throw new WrongKeyException(e);
    }
  }

  private Cipher cipher(int mode, byte[] nonce) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
    return cipher;
  }
}
