package dev.fanfare.server.config;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
  private static final String NAME = "FANFARE_DATABASE_URL";
  private static final String JDBC = "jdbc:postgresql:";

  /** Parameters of libpq by their names in the JDBC driver, which ignores unknown ones silently. */
  private static final Map<String, String> DRIVER_NAMES =
      Map.of(
          "application_name", "ApplicationName",
          "connect_timeout", "connectTimeout",
          "channel_binding", "channelBinding");

  /**
   * Reads {@code postgres://user:password@host:port/database?parameters}, the same with {@code
   * postgresql://}, or {@code jdbc:postgresql:…}.
   *
   * @throws InvalidSettingException when {@code text} is none of these; the message does not repeat
   *     it, for it may hold a password
   */
  public static DatabaseUrl parse(String text) {
    if (text.startsWith(JDBC)) {
      return split(JDBC, text.substring(JDBC.length()), null, null);
    }
    String rest = afterScheme(text);
    int authorityEnd = firstOf(rest, '/', '?');
    String authority = rest.substring(0, authorityEnd);
    String pathAndQuery = rest.substring(authorityEnd);
    // The last @, since a password that someone forgot to encode may hold another.
    int at = authority.lastIndexOf('@');
    String hosts = authority.substring(at + 1);
    if (hosts.isEmpty()) {
      throw new InvalidSettingException(
          NAME, "must name a host: postgres://user:password@host:5432/database");
    }
    String user = null;
    String password = null;
    if (at >= 0) {
      String login = authority.substring(0, at);
      int colon = login.indexOf(':');
      user = decode(colon < 0 ? login : login.substring(0, colon));
      password = colon < 0 ? null : decode(login.substring(colon + 1));
    }
    String path = pathAndQuery.startsWith("/") ? pathAndQuery : "/" + pathAndQuery;
    return split(JDBC, "//" + hosts + path, user, password);
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
    for (String scheme : List.of("postgres://", "postgresql://")) {
      if (text.startsWith(scheme)) {
        return text.substring(scheme.length());
      }
    }
    throw new InvalidSettingException(
        NAME, "must begin with postgres://, postgresql:// or jdbc:postgresql:");
  }

  /** Takes the login out of the parameters, so that no URL that is logged carries a password. */
  private static DatabaseUrl split(
      String prefix, String location, @Nullable String user, @Nullable String password) {
    int question = location.indexOf('?');
    if (question < 0) {
      return new DatabaseUrl(prefix + location, user, password);
    }
    List<String> kept = new ArrayList<>();
    for (String parameter : location.substring(question + 1).split("&", -1)) {
      int equals = parameter.indexOf('=');
      String name = equals < 0 ? parameter : parameter.substring(0, equals);
      String value = equals < 0 ? "" : parameter.substring(equals + 1);
      switch (name) {
        case "" -> {}
        case "user" -> user = decode(value);
        case "password" -> password = decode(value);
        default -> kept.add(DRIVER_NAMES.getOrDefault(name, name) + "=" + value);
      }
    }
    String query = kept.isEmpty() ? "" : "?" + String.join("&", kept);
    return new DatabaseUrl(prefix + location.substring(0, question) + query, user, password);
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
