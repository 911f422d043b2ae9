package dev.fanfare.server.config;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The address of an external PostgreSQL, in the form of its JDBC driver. {@link #toString()} hides
 * the password.
 *
 * @param jdbcUrl a {@code jdbc:postgresql:} URL that carries neither user nor password
 * @param user the role to log in as; absent means the driver's default, the operating system's user
 * @param password its password; absent means that the server asks for none, or a password file
 */
public record DatabaseUrl(String jdbcUrl, @Nullable String user, @Nullable String password) {
  static final String NAME = "FANFARE_DATABASE_URL";
  private static final String JDBC = "jdbc:postgresql:";

  /**
   * Reads {@code postgres://user:password@host:port/database?parameters}, the same with {@code
   * postgresql://}, or {@code jdbc:postgresql:…}. The parameters of libpq mean what they mean
   * there; a parameter without an equivalent is refused.
   *
   * @throws InvalidSettingException when {@code text} is none of these; the message does not repeat
   *     it, for it may hold a password
   */
  public static DatabaseUrl parse(String text) {
    if (text.startsWith(JDBC) && !text.startsWith(JDBC + "//")) {
      return complete(text.substring(JDBC.length()), DatabaseLocation.DEFAULT, null, null);
    }
    String rest = afterScheme(text);
    int authorityEnd = firstOf(rest, '/', '?');
    String authority = rest.substring(0, authorityEnd);
    String pathAndQuery = rest.substring(authorityEnd);
    // The last @, since a password that someone forgot to encode may hold another.
    int at = authority.lastIndexOf('@');
    refuseUnencoded(pathAndQuery, at >= 0);
    String user = null;
    String password = null;
    if (at >= 0) {
      String login = authority.substring(0, at);
      int colon = login.indexOf(':');
      user = decode(colon < 0 ? login : login.substring(0, colon));
      password = colon < 0 ? null : decode(login.substring(colon + 1));
    }
    String path = pathAndQuery.startsWith("/") ? pathAndQuery : "/" + pathAndQuery;
    return complete(
        path.substring(1), DatabaseLocation.of(authority.substring(at + 1)), user, password);
  }

  /**
   * A slash or question mark in a password ends it too early, and the rest of the login is read as
   * the name of a database or as parameters.
   */
  private static void refuseUnencoded(String pathAndQuery, boolean hasLogin) {
    int question = pathAndQuery.indexOf('?');
    String path = question < 0 ? pathAndQuery : pathAndQuery.substring(0, question);
    String query = question < 0 ? "" : pathAndQuery.substring(question + 1);
    boolean inName =
        Arrays.stream(query.split("&", -1)).anyMatch(p -> p.replaceFirst("=.*", "").contains("@"));
    boolean inValue = query.replaceAll("(^|&)(user|password|options)=[^&]*", "").contains("@");
    if (path.contains("@") || inName || (inValue && !hasLogin)) {
      throw new InvalidSettingException(
          NAME,
          "has a user or password with a character that ends it: encode it as %2F for /, %3F for ?,"
              + " %23 for #, %40 for @, %3A for :, %25 for %");
    }
  }

  /** The URL for people: login included, password and every other secret as stars. */
  @Override
  public String toString() {
    String shown = jdbcUrl.replaceAll("(?i)(sslpassword=)[^&]*", "$1****");
    if (user == null && password == null) {
      return shown;
    }
    String login = (user == null ? "" : user) + (password == null ? "" : ":****");
    return shown.startsWith(JDBC + "//")
        ? "postgresql://" + login + "@" + shown.substring(JDBC.length() + 2)
        : shown + " as " + login;
  }

  private static String afterScheme(String text) {
    for (String scheme : List.of("postgres://", "postgresql://", JDBC + "//")) {
      if (text.startsWith(scheme)) {
        return text.substring(scheme.length());
      }
    }
    throw new InvalidSettingException(
        NAME, "must begin with postgres://, postgresql:// or jdbc:postgresql:");
  }

  /** Takes the login out of the parameters, so that no URL that is logged carries a password. */
  private static DatabaseUrl complete(
      String databaseAndQuery,
      DatabaseLocation location,
      @Nullable String user,
      @Nullable String password) {
    int question = databaseAndQuery.indexOf('?');
    String database = question < 0 ? databaseAndQuery : databaseAndQuery.substring(0, question);
    String query = question < 0 ? "" : databaseAndQuery.substring(question + 1);
    DatabaseParameters parameters = new DatabaseParameters();
    String hosts = "";
    String ports = "";
    for (String parameter : query.split("&", -1)) {
      int equals = parameter.indexOf('=');
      String name = equals < 0 ? parameter : parameter.substring(0, equals);
      String value = equals < 0 ? "" : parameter.substring(equals + 1);
      switch (name) {
        case "" -> {}
        case "user" -> user = decode(value);
        case "password" -> password = decode(value);
        case "dbname" -> database = value;
        case "host" -> hosts = decode(value);
        case "port" -> ports = value;
        default -> parameters.add(name, value, decode(value));
      }
    }
    DatabaseLocation place = location.with(hosts, ports);
    if (place.hosts().isEmpty() && !location.isByDefault()) {
      throw new InvalidSettingException(
          NAME, "must name a host: postgres://user:password@host:5432/database");
    }
    String url = JDBC + place.prefix() + database;
    return new DatabaseUrl(url + parameters.query(place.hasChoice()), user, password);
  }

  private static int firstOf(String text, char one, char other) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == one || text.charAt(i) == other) {
        return i;
      }
    }
    return text.length();
  }

  private static String decode(String text) {
    try {
      // URLDecoder reads forms, where a plus is a space; in a URL it is a plus.
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new InvalidSettingException(
          NAME, "has a user or password with a bare %; write it as %25");
    }
  }
}
