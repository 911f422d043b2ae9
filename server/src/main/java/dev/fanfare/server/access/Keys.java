package dev.fanfare.server.access;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Environments and their secret keys: created at the first start, listed, added and revoked. Every
 * server refuses a revoked key within {@link #CACHE_LIFE}. Thread-safe.
 */
public final class Keys {
  /** How long keys are cached, so how long a revoked key may still be accepted. */
  public static final Duration CACHE_LIFE = Duration.ofSeconds(2);

  private static final String PROJECT = "default";
  private static final String ENVIRONMENT_ID = "env_";

  /** The types of the environments, by slug. */
  private static final Map<String, String> TYPES =
      Map.of("dev", "DEVELOPMENT", "staging", "STAGING", "prod", "PRODUCTION");

  private static final List<String> SLUGS = List.of("dev", "staging", "prod");

  private final Database database;
  private final KeyCipher cipher;
  private final TimeOrderedIds ids;
  private final AccessStore store = new AccessStore();

  public Keys(Database database, KeyCipher cipher, TimeOrderedIds ids) {
    this.database = database;
    this.cipher = cipher;
    this.ids = ids;
  }

  /**
   * A key as it may be shown to an operator.
   *
   * @param id identifies it for {@link #revoke}
   * @param environment the slug of its environment
   * @param hint its prefix and last four characters
   * @param revokedAt absent when it is valid
   */
  public record KeyInfo(
      int id, String environment, String hint, Instant createdAt, @Nullable Instant revokedAt) {}

  /** A new key. No command shows its text again. */
  public record NewKey(int id, String environment, SecretKey key) {}

  /**
   * Creates the environments, and a key for each of them, unless they exist.
   *
   * @param developmentKey the key of the environment {@code dev}; absent means a random one
   * @throws KeyCipher.WrongKeyException when keys exist that another encryption key encrypted
   */
  public void setUp(@Nullable String developmentKey) {
    database.transaction(tx -> {
      store.lockSetup(tx);
      if (store.environments(tx).isEmpty()) {
        for (String slug : SLUGS) {
          createEnvironment(tx, slug, slug.equals("dev") ? developmentKey : null);
        }
      } else {
        // Check all of them now, before a key is added that only the wrong encryption key can
        // decrypt.
        store.keys(tx).forEach(key -> cipher.decrypt(key.encrypted()));
      }
      return null;
    });
  }

  private void createEnvironment(Tx tx, String slug, @Nullable String keyText) {
    Environment environment =
        store.insertEnvironment(
            tx,
            PublicId.format(ENVIRONMENT_ID, ids.next()),
            PROJECT,
            slug,
            TYPES.getOrDefault(slug, "DEVELOPMENT"));
    SecretKey key = keyText == null ? SecretKey.generate(slug) : new SecretKey(keyText);
    store.insertKey(tx, environment.id(), key.hash(), cipher.encrypt(key.text()));
  }

  /** The oldest valid key of the environment {@code dev}, or {@code null} when all are revoked. */
  public @Nullable SecretKey developmentKey() {
    return database.transaction(store::keys).reversed().stream()
        .filter(key -> key.environment().slug().equals("dev") && key.revokedAt() == null)
        .map(key -> new SecretKey(cipher.decrypt(key.encrypted())))
        .findFirst()
        .orElse(null);
  }

  /** Every key, newest first. */
  public List<KeyInfo> list() {
    return database.transaction(store::keys).stream()
        .map(key ->
            new KeyInfo(
                key.id(),
                key.environment().slug(),
                hint(cipher.decrypt(key.encrypted())),
                key.createdAt(),
                key.revokedAt()))
        .toList();
  }

  private static String hint(String key) {
    return key.substring(0, key.lastIndexOf('_') + 1) + "…" + key.substring(key.length() - 4);
  }

  /**
   * Adds a key to an environment. Its other keys stay valid.
   *
   * @throws IllegalArgumentException when the environment does not exist
   */
  public NewKey create(String environmentSlug) {
    return database.transaction(tx -> {
      Environment environment =
          store.environments(tx).stream()
              .filter(e -> e.slug().equals(environmentSlug))
              .findFirst()
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "There is no environment " + environmentSlug + "; choose one of " + SLUGS));
      SecretKey key = SecretKey.generate(environmentSlug);
      int id = store.insertKey(tx, environment.id(), key.hash(), cipher.encrypt(key.text()));
      return new NewKey(id, environmentSlug, key);
    });
  }

  /** Revokes a key. Returns false when no valid key has this id. */
  public boolean revoke(int keyId) {
    return database.transaction(tx -> store.revokeKey(tx, keyId));
  }

  /** The environment of a key, or {@code null} when the key is unknown or revoked. */
  public @Nullable Environment environmentOf(String keyText) {
    return database.urgent(
        () -> database.transaction(tx -> store.environmentOfKey(tx, SecretKey.hash(keyText))));
  }

  /** The valid keys of an environment, newest first. They sign and verify its tokens. */
  public List<EnvironmentKey> signingKeys(String environmentPublicId) {
    return database
        .urgent(() -> database.transaction(tx -> store.validKeys(tx, environmentPublicId)))
        .stream()
        .map(key ->
            new EnvironmentKey(key.environment(), new SecretKey(cipher.decrypt(key.encrypted()))))
        .toList();
  }

  /** A valid key with its environment. */
  public record EnvironmentKey(Environment environment, SecretKey key) {}
}
