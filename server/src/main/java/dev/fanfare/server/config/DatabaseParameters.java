package dev.fanfare.server.config;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.postgresql.PGProperty;

/**
 * Parameters of a database URL, with the names and the meanings of libpq or of the JDBC driver, as
 * parameters of the driver. The driver ignores names that it does not know.
 */
final class DatabaseParameters {
  /** The driver's names for parameters of libpq that mean the same. */
  private static final Map<String, String> DRIVER_NAMES =
      Map.ofEntries(
          Map.entry("application_name", "ApplicationName"),
          Map.entry("fallback_application_name", "ApplicationName"),
          Map.entry("connect_timeout", "connectTimeout"),
          Map.entry("channel_binding", "channelBinding"),
          Map.entry("require_auth", "requireAuth"),
          Map.entry("sslnegotiation", "sslNegotiation"),
          Map.entry("gssencmode", "gssEncMode"),
          Map.entry("krbsrvname", "kerberosServerName"));

  private static final Set<String> SSL_MODES =
      Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

  /** Requirements that a primary meets; a server writes. */
  private static final Set<String> WRITABLE =
      Set.of("any", "read-write", "primary", "master", "preferPrimary");

  /** Parameters of the driver that would contradict what a server sets itself. */
  private static final Set<String> OURS =
      Set.of("currentSchema", "readOnly", "replication", "preferQueryMode", "autosave");

  private final Map<String, String> parameters = new LinkedHashMap<>();
  private boolean primary;

  /**
   * Adds one parameter.
   *
   * @param encoded the value as it stands in the URL
   * @param value the value that it means
   * @throws InvalidSettingException when it has no equivalent; the message names it
   */
  void add(String name, String encoded, String value) {
    switch (name) {
      case "target_session_attrs", "targetServerType" -> {
        check(name, WRITABLE.contains(value), "read-write, primary or any, since Fanfare writes");
        primary = !value.equals("any");
      }
      case "sslmode" -> {
        check(
            name,
            SSL_MODES.contains(value),
            String.join(", ", SSL_MODES.stream().sorted().toList()));
        parameters.put(name, encoded);
      }
      case "client_encoding" -> check(name, value.matches("(?i)auto|utf-?8|unicode"), "UTF8");
      case "keepalives", "tcpKeepAlive" -> check(name, value.matches("1|true"), "1");
      case "load_balance_hosts" -> {
        check(name, value.matches("disable|random"), "disable or random");
        parameters.put("loadBalanceHosts", Boolean.toString(value.equals("random")));
      }
      case "connect_timeout", "connectTimeout" -> {
        check(name, value.matches("[0-9]{1,5}"), "a number of seconds");
        if (Integer.parseInt(value) > 0) {
          parameters.put("connectTimeout", value);
        }
      }
      case "fallback_application_name" -> parameters.putIfAbsent("ApplicationName", encoded);
      default -> {
        String driverName = DRIVER_NAMES.getOrDefault(name, name);
        if (OURS.contains(driverName) || PGProperty.forName(driverName) == null) {
          throw unknown(name);
        }
        parameters.put(driverName, encoded);
      }
    }
  }

  /** What follows a password with an unencoded ampersand looks like a parameter, too. */
  private static InvalidSettingException unknown(String name) {
    boolean harmless = name.matches("[A-Za-z_]{3,40}");
    return new InvalidSettingException(
        DatabaseUrl.NAME,
        (harmless && isKnownToLibpq(name) ? "has the parameter " + name : "has a parameter")
            + " that is not supported. If it is part of a password, encode & as %26, = as %3D");
  }

  /** Names of libpq and of the driver, which are no secret. */
  private static boolean isKnownToLibpq(String name) {
    return OURS.contains(name) || LIBPQ_ONLY.contains(name);
  }

  private static final Set<String> LIBPQ_ONLY =
      Set.of(
          "hostaddr",
          "passfile",
          "keepalives_idle",
          "keepalives_interval",
          "keepalives_count",
          "tcp_user_timeout",
          "service",
          "servicefile",
          "requirepeer",
          "sslcompression",
          "sslcrl",
          "sslcrldir",
          "sslcertmode",
          "sslsni",
          "sslkeylogfile",
          "ssl_min_protocol_version",
          "ssl_max_protocol_version",
          "min_protocol_version",
          "max_protocol_version",
          "gssdelegation",
          "gsslib",
          "scram_client_key",
          "scram_server_key",
          "oauth_issuer",
          "oauth_client_id",
          "oauth_client_secret",
          "oauth_scope");

  private static void check(String name, boolean valid, String allowed) {
    if (!valid) {
      throw new InvalidSettingException(
          DatabaseUrl.NAME, "has a value of " + name + " that is not supported: use " + allowed);
    }
  }

  /**
   * The query of the driver's URL.
   *
   * @param choice whether there are several hosts, of which the primary is meant
   */
  String query(boolean choice) {
    if (choice || primary) {
      parameters.put("targetServerType", "primary");
    }
    StringBuilder query = new StringBuilder();
    parameters.forEach((name, value) ->
        query.append(query.isEmpty() ? "?" : "&").append(name).append("=").append(value));
    return query.toString();
  }
}
