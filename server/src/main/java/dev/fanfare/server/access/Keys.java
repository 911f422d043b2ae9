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
 * Environments and their secret keys: set up once, listed, created and revoked. A revoked key is
 * refused by every server within {@link #REMEMBERED}.
 */
public final class Keys {
  /** How long a revoked key may still be accepted by a server that has just seen it. */
  public static final Duration REMEMBERED = Duration.ofSeconds(2);

  private static final String PROJECT = "default";
  private static final String ENVIRONMENT_ID = "env_";

  /** The environments of a project, and their types. */
  private static final Map<String, String> TYPES =
      Map.of("dev", "DEVELOPMENT", "staging", "STAGING", "prod", "PRODUCTION");

  private static final List<String> SLUGS = List.of("dev", "staging", "prod");

  private final Database database;
  private final KeyCipher cipher;
  private final TimeOrderedIds ids;
  private final AccessStore store = new AccessStore();
  private volatile @Nullable Remembered environments;

  private record Remembered(List<Integer> ids, long nanos) {}

  public Keys(Database database, KeyCipher cipher, TimeOrderedIds ids) {
    this.database = database;
    this.cipher = cipher;
    this.ids = ids;
  }

  /**
   * What a person may see of a key.
   *
   * @param id names it for {@link #revoke}
   * @param environment its environment's slug
   * @param hint prefix and last four characters
   * @param revokedAt absent: in force
   */
  public record KeyInfo(
      int id, String environment, String hint, Instant createdAt, @Nullable Instant revokedAt) {}

  /** A key just made; its text is in {@code key} and can be read again by no command. */
  public record NewKey(int id, String environment, SecretKey key) {}

  /**
   * Creates the first project with its environments and a key for each, unless they exist.
   *
   * @param developmentKey the development environment's key; absent: a random one
   * @throws KeyCipher.WrongKeyException when they exist and were encrypted under another key
   */
  public void setUp(@Nullable String developmentKey) {
    database.transaction(tx -> {
      store.lockSetup(tx);
      if (store.environments(tx).isEmpty()) {
        for (String slug : SLUGS) {
          createEnvironment(tx, slug, slug.equals("dev") ? developmentKey : null);
        }
      } else {
        // Every one, before a key is added that only the wrong encryption key can read.
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

  /**
   * The oldest key in force of the development environment, or {@code null} when all are revoked.
   */
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
   * Makes a further key; the others stay in force.
   *
   * @throws IllegalArgumentException when there is no such environment
   */
  public NewKey create(String environmentSlug) {
    return database.transaction(tx -> {
      Environment environment =
          store.environments(tx).stream()
              .filter(e -> e.slug().equals(environmentSlug))
              .findFirst()
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "No environment " + environmentSlug + ": choose one of " + SLUGS));
      SecretKey key = SecretKey.generate(environmentSlug);
      int id = store.insertKey(tx, environment.id(), key.hash(), cipher.encrypt(key.text()));
      return new NewKey(id, environmentSlug, key);
    });
  }

  /** Ends a key; false when there is none with this id in force. */
  public boolean revoke(int keyId) {
    return database.transaction(tx -> store.revokeKey(tx, keyId));
  }

  /** The environment a key belongs to, or {@code null} when it is unknown or revoked. */
  public @Nullable Environment environmentOf(String keyText) {
    return database.transaction(tx -> store.environmentOfKey(tx, SecretKey.hash(keyText)));
  }

  /** The keys that sign and verify an environment's tokens, the newest first. */
  public List<EnvironmentKey> signingKeys(String environmentPublicId) {
    return database.transaction(tx -> store.keysInForce(tx, environmentPublicId)).stream()
        .map(key ->
            new EnvironmentKey(key.environment(), new SecretKey(cipher.decrypt(key.encrypted()))))
        .toList();
  }

  /** A key in force with its environment. */
  public record EnvironmentKey(Environment environment, SecretKey key) {}

  /**
   * All environments, for work that goes through them one by one. A new one is in it within {@link
   * #REMEMBERED}.
   */
  public List<Integer> environmentIds() {
    Remembered seen = environments;
    if (seen == null || System.nanoTime() - seen.nanos() > REMEMBERED.toNanos()) {
      seen =
          new Remembered(
              database.transaction(store::environments).stream().map(Environment::id).toList(),
              System.nanoTime());
      environments = seen;
    }
    return seen.ids();
  }
}
