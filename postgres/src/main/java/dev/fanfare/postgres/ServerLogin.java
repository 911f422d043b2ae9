package dev.fanfare.postgres;

/**
 * The login to the database {@code fanfare} of a server that another JVM runs. Immutable.
 *
 * @param jdbcUrl the JDBC URL, without user and password
 * @param user the user, a superuser
 * @param password the password; secret
 */
public record ServerLogin(String jdbcUrl, String user, String password) {
  @Override
  public String toString() {
    return "ServerLogin[" + jdbcUrl + "]";
  }
}
