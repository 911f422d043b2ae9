package dev.fanfare.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What to measure and how long.
 *
 * @param small whether everything is made small: proves that it runs, measures little
 * @param repeats how often each work is measured; the table shows medians
 * @param only names of the works to do; empty: all
 * @param serverFlags JVM flags of the server beside its own, such as a flight recording
 * @param postgresSettings a file of PostgreSQL settings to add, such as logging; absent: none
 */
record BenchOptions(
    boolean small,
    int repeats,
    Set<String> only,
    List<String> serverFlags,
    @Nullable Path postgresSettings) {

  static final String USAGE =
      """
      Measures Fanfare against bare JDBC on the same PostgreSQL, which it starts itself.

        --short                 small numbers, one repeat: shows that it runs
        --repeats=N             how often each work is measured (3); the table shows medians
        --only=NAME[,NAME]      some of: ingest drain latency fanout single trips micro
        --server-flag=FLAG      a further JVM flag for the server; may be given several times
        --postgres-conf=FILE    further settings for PostgreSQL
      """;

  /** Reads a command line; throws with a sentence when it cannot be understood. */
  static BenchOptions parse(String[] args) {
    boolean small = false;
    int repeats = 0;
    Set<String> only = new TreeSet<>();
    List<String> serverFlags = new ArrayList<>();
    Path settings = null;
    for (String arg : args) {
      String value = arg.substring(arg.indexOf('=') + 1);
      if (arg.equals("--short")) {
        small = true;
      } else if (arg.startsWith("--repeats=")) {
        repeats = Integer.parseInt(value);
      } else if (arg.startsWith("--only=")) {
        only.addAll(List.of(value.split(",", -1)));
      } else if (arg.startsWith("--server-flag=")) {
        serverFlags.add(value);
      } else if (arg.startsWith("--postgres-conf=")) {
        settings = Path.of(value);
      } else {
        throw new IllegalArgumentException("There is no option " + arg);
      }
    }
    return new BenchOptions(
        small, repeats > 0 ? repeats : small ? 1 : 3, only, serverFlags, settings);
  }

  boolean wants(String work) {
    return only.isEmpty() || only.contains(work);
  }

  /** {@code full}, or {@code little} in a short run. */
  int size(int full, int little) {
    return small ? little : full;
  }
}
