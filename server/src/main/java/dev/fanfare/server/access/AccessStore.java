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

  /** A stored key with what a person may see of it. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record StoredKey(
      int id,
      Environment environment,
      byte[] encrypted,
      Instant createdAt,
      @Nullable Instant revokedAt) {}

  /** Lets one server at a time set up an empty database; held until the transaction ends. */
  void lockSetup(Tx tx) {
    tx.first("select pg_advisory_xact_lock(hashtext('fanfare setup'))", r -> true);
  }

  List<Environment> environments(Tx tx) {
    return tx.list(
        """
        select environment_id, public_id, slug
          from environments
         order by environment_id
        """,
        AccessStore::environment);
  }

  Environment insertEnvironment(Tx tx, String publicId, String project, String slug, String type) {
    return Objects.requireNonNull(
        tx.first(
            """
            insert into environments (public_id, project, slug, type)
            values (?, ?, ?, ?)
            returning environment_id, public_id, slug
            """,
            AccessStore::environment,
            publicId,
            project,
            slug,
            type));
  }

  int insertKey(Tx tx, int environmentId, byte[] hash, byte[] encrypted) {
    return Objects.requireNonNull(
        tx.first(
            """
            insert into secret_keys (key_hash, environment_id, key_encrypted)
            values (?, ?, ?)
            returning key_id
            """,
            r -> r.integer("key_id"),
            hash,
            environmentId,
            encrypted));
  }

  @Nullable Environment environmentOfKey(Tx tx, byte[] hash) {
    return tx.first(
        """
        select e.environment_id, e.public_id, e.slug
          from secret_keys k
          join environments e using (environment_id)
         where k.key_hash = ?
           and k.revoked_at is null
        """,
        AccessStore::environment,
        hash);
  }

  /** Every key, newest first. */
  List<StoredKey> keys(Tx tx) {
    return tx.list(
        """
        select k.key_id, k.key_encrypted, k.created_at, k.revoked_at,
               e.environment_id, e.public_id, e.slug
          from secret_keys k
          join environments e using (environment_id)
         order by k.key_id desc
        """,
        AccessStore::storedKey);
  }

  /** The keys in force of the environment with this public id, newest first. */
  List<StoredKey> keysInForce(Tx tx, String publicId) {
    return tx.list(
        """
        select k.key_id, k.key_encrypted, k.created_at, k.revoked_at,
               e.environment_id, e.public_id, e.slug
          from secret_keys k
          join environments e using (environment_id)
         where e.public_id = ?
           and k.revoked_at is null
         order by k.key_id desc
        """,
        AccessStore::storedKey,
        publicId);
  }

  boolean revokeKey(Tx tx, int keyId) {
    return tx.update(
            """
            update secret_keys
               set revoked_at = now()
             where key_id = ?
               and revoked_at is null
            """,
            keyId)
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
