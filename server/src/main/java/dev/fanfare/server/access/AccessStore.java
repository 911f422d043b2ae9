package dev.fanfare.server.access;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** SQL of {@code environments} and {@code secret_keys}. */
final class AccessStore {

  /** A stored key, with the environment that it belongs to. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record StoredKey(
      int id,
      Environment environment,
      byte[] encrypted,
      Instant createdAt,
      @Nullable Instant revokedAt) {}

  /**
   * Locks the setup until the transaction ends: of servers that start at the same time, one creates
   * the environments.
   */
  void lockSetup(Tx tx) {
    tx.sql("select pg_advisory_xact_lock(hashtext('fanfare setup'))").first(r -> true);
  }

  List<Environment> environments(Tx tx) {
    return tx.sql(
            """
            select environment_id, public_id, slug
              from environments
             order by environment_id
            """)
        .list(AccessStore::environment);
  }

  Environment insertEnvironment(Tx tx, String publicId, String project, String slug, String type) {
    return Objects.requireNonNull(
        tx.sql(
                """
                insert into environments (public_id, project, slug, type)
                values (:public_id, :project, :slug, :type)
                returning environment_id, public_id, slug
                """)
            .bind("public_id", publicId)
            .bind("project", project)
            .bind("slug", slug)
            .bind("type", type)
            .first(AccessStore::environment));
  }

  int insertKey(Tx tx, int environmentId, byte[] hash, byte[] encrypted) {
    return Objects.requireNonNull(
        tx.sql(
                """
                insert into secret_keys (key_hash, environment_id, key_encrypted)
                values (:hash, :environment_id, :encrypted)
                returning key_id
                """)
            .bind("hash", hash)
            .bind("environment_id", environmentId)
            .bind("encrypted", encrypted)
            .first(r -> r.integer("key_id")));
  }

  @Nullable Environment environmentOfKey(Tx tx, byte[] hash) {
    return tx.sql(
            """
            select e.environment_id, e.public_id, e.slug
              from secret_keys k
              join environments e using (environment_id)
             where k.key_hash = :hash
               and k.revoked_at is null
            """)
        .bind("hash", hash)
        .first(AccessStore::environment);
  }

  /** Every key, newest first. */
  List<StoredKey> keys(Tx tx) {
    return tx.sql(
            """
            select k.key_id, k.key_encrypted, k.created_at, k.revoked_at,
                   e.environment_id, e.public_id, e.slug
              from secret_keys k
              join environments e using (environment_id)
             order by k.key_id desc
            """)
        .list(AccessStore::storedKey);
  }

  /** The valid keys of the environment with this public id, newest first. */
  List<StoredKey> validKeys(Tx tx, String publicId) {
    return tx.sql(
            """
            select k.key_id, k.key_encrypted, k.created_at, k.revoked_at,
                   e.environment_id, e.public_id, e.slug
              from secret_keys k
              join environments e using (environment_id)
             where e.public_id = :public_id
               and k.revoked_at is null
             order by k.key_id desc
            """)
        .bind("public_id", publicId)
        .list(AccessStore::storedKey);
  }

  boolean revokeKey(Tx tx, int keyId) {
    return tx.sql(
                """
                update secret_keys
                   set revoked_at = now()
                 where key_id = :key_id
                   and revoked_at is null
                """)
            .bind("key_id", keyId)
            .update()
        == 1;
  }

  private static Environment environment(Row r) throws SQLException {
    return new Environment(r.integer("environment_id"), r.text("public_id"), r.text("slug"));
  }

  private static StoredKey storedKey(Row r) throws SQLException {
    return new StoredKey(
        r.integer("key_id"),
        environment(r),
        r.bytes("key_encrypted"),
        r.instant("created_at"),
        r.instantOrNull("revoked_at"));
  }
}
