package dev.fanfare.server.db;

import org.jspecify.annotations.Nullable;

/**
 * The address of a database, and the login.
 *
 * @param jdbcUrl a {@code jdbc:postgresql:} URL
 * @param user the user; absent means the driver's default
 * @param password the password; absent when the server needs none
 * @param direct the same database without the pooler to which {@code jdbcUrl} leads; absent when
 *     there is no pooler, or when only the pooler can be reached
 */
public record DatabaseAddress(
    String jdbcUrl,
    @Nullable String user,
    @Nullable String password,
    @Nullable DatabaseAddress direct) {
  /** An address without another one past a pooler. */
  public DatabaseAddress(String jdbcUrl, @Nullable String user, @Nullable String password) {
    this(jdbcUrl, user, password, null);
  }

  /** This address, with another one past its pooler. */
  public DatabaseAddress withDirect(DatabaseAddress address) {
    return new DatabaseAddress(jdbcUrl, user, password, address);
  }

  @Override
  public String toString() {
    return "DatabaseAddress["
        + jdbcUrl.replaceAll("\\?.*", "")
        + "]"; // parameters can contain a password
  }
}
