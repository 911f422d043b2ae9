package dev.fanfare.server.config;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The hosts of a database, of which one is the primary.
 *
 * @param hosts each with a port, if it has one, in the form of the JDBC driver; empty when the URL
 *     has no such part
 * @param isByDefault whether the URL has no place for hosts, so that the driver chooses one
 */
record DatabaseLocation(List<String> hosts, boolean isByDefault) {
  /** Of a URL that has no place for hosts. */
  static final DatabaseLocation DEFAULT = new DatabaseLocation(List.of(), true);

  private static final Pattern HOST =
      Pattern.compile("(\\[[0-9A-Fa-f:.%a-z]+]|[^\\[\\]:/%\\s]+)?(?::([0-9]{0,5}))?");

  private static final int PORT_MAX = 65_535;

  /**
   * Reads {@code host:port,host:port}, where the ports may be absent. What looks like neither may
   * be part of a password, so no message repeats it.
   */
  static DatabaseLocation of(String text) {
    if (text.isEmpty()) {
      return new DatabaseLocation(List.of(), false);
    }
    List<String> hosts = new ArrayList<>();
    for (String host : text.split(",", -1)) {
      if (host.startsWith("/") || host.regionMatches(true, 0, "%2f", 0, 3)) {
        throw refused(
            "names a Unix socket, over which Fanfare cannot connect: name a host, such as"
                + " 127.0.0.1");
      }
      Matcher matcher = HOST.matcher(host);
      if (!matcher.matches() || matcher.group(1) == null || !isPort(matcher.group(2))) {
        throw refused(
            "must name a host, and a port from 1 to 65535 if any:"
                + " postgres://user:password@host:5432/database. A password with special characters"
                + " must be encoded, such as / as %2F");
      }
      hosts.add(host.endsWith(":") ? host.substring(0, host.length() - 1) : host);
    }
    return new DatabaseLocation(hosts, false);
  }

  private static boolean isPort(@Nullable String port) {
    if (port == null || port.isEmpty()) {
      return true;
    }
    int number = Integer.parseInt(port);
    return number >= 1 && number <= PORT_MAX;
  }

  /** With the hosts and ports of the parameters, which libpq accepts, too. */
  DatabaseLocation with(String moreHosts, String ports) {
    List<String> named = moreHosts.isEmpty() ? hosts : of(moreHosts).hosts;
    if (ports.isEmpty()) {
      return new DatabaseLocation(named, isByDefault);
    }
    String[] each = ports.split(",", -1);
    List<String> withPorts = new ArrayList<>();
    for (int i = 0; i < named.size(); i++) {
      withPorts.add(named.get(i) + ":" + each[Math.min(i, each.length - 1)]);
    }
    return of(String.join(",", withPorts));
  }

  /** Whether there are several hosts. */
  boolean hasChoice() {
    return hosts.size() > 1;
  }

  /** What stands before the name of the database in the driver's URL. */
  String prefix() {
    return hosts.isEmpty() ? "" : "//" + String.join(",", hosts) + "/";
  }

  private static InvalidSettingException refused(String problem) {
    return new InvalidSettingException(DatabaseUrl.NAME, problem);
  }
}
