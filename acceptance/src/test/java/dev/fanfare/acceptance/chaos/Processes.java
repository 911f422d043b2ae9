package dev.fanfare.acceptance.chaos;

import dev.fanfare.cli.Main;
import dev.fanfare.examples.DemoWorker;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.testkit.Project;
import dev.fanfare.testkit.TestDatabase;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The processes of one test; closing kills those that still run. */
final class Processes implements AutoCloseable {
  /** The time limit for starting a server and creating its database on a busy machine. */
  private static final Duration START = Duration.ofSeconds(120);

  private static final String READY = "Fanfare is ready at ";
  static final String KEY = "tr_dev_" + "c".repeat(24);

  private final Deque<Jvm> all = new ArrayDeque<>();
  private final Map<String, String> settings = new HashMap<>();
  private List<String> serverOptions = Jvm.SHORT_LIVED;
  private @Nullable Path logs;

  /** Settings with times short enough for tests. */
  Processes() {
    settings.put("FANFARE_PORT", "0");
    settings.put("FANFARE_DEV_KEY", KEY);
    settings.put("FANFARE_ENCRYPTION_KEY", "ab".repeat(32));
    settings.put("FANFARE_SESSION_LEASE", "2s");
    // On a busy machine, such a short lease may lapse by itself; each time the run is retried.
    settings.put("FANFARE_LOSSES_MAX", "1000");
    settings.put("FANFARE_POLL_WAIT", "1s");
    settings.put("FANFARE_SWEEP_INTERVAL", "100ms");
    settings.put("FANFARE_DATABASE_CONNECTIONS", "8");
    settings.put("FANFARE_SHUTDOWN_GRACE", "10s");
  }

  /** Adds a setting for the servers that are started from now on. */
  Processes set(String name, String value) {
    settings.put(name, value);
    return this;
  }

  /** Starts servers with these options of the JVM from now on. */
  Processes serverOptions(List<String> options) {
    this.serverOptions = options;
    return this;
  }

  /** Appends the output of each process to a file with its name in this folder. */
  Processes logIn(Path folder) {
    this.logs = folder;
    return this;
  }

  /** A server that has reported that it is ready. */
  record Serving(Jvm jvm, URI url) {
    /** A client with the default retries. */
    Fanfare client() {
      return Fanfare.builder().url(url.toString()).secretKey(KEY).build();
    }

    /** A client that never retries. */
    Fanfare impatientClient() {
      return Fanfare.builder().url(url.toString()).secretKey(KEY).maxTries(1).build();
    }
  }

  /** Starts a server on a database that other servers may share. */
  Serving server(String name, Path home, TestDatabase database) throws IOException {
    return server(name, home, Map.of("FANFARE_DATABASE_URL", url(database)));
  }

  private static String url(TestDatabase database) {
    return "%s?user=%s&password=%s"
        .formatted(database.jdbcUrl(), database.user(), database.password());
  }

  /** Starts a server with its own database in its home. */
  Serving server(String name, Path home) throws IOException {
    return server(name, home, Map.of());
  }

  /** Starts a server with settings that only it has. */
  Serving server(String name, Path home, Map<String, String> more) throws IOException {
    return ready(start(name, serverOptions, home, more));
  }

  /** Starts a server as the launcher does, with its options of the JVM. */
  Serving shippedServer(String name, Path home, TestDatabase database) throws IOException {
    return ready(shipped(name, home, database));
  }

  /** As {@link #shippedServer}, but returns before the server is ready. */
  Jvm shipped(String name, Path home, TestDatabase database) throws IOException {
    return start(name, shippedOptions(), home, Map.of("FANFARE_DATABASE_URL", url(database)));
  }

  /** The options of the JVM in {@code bin/fanfare}. */
  static List<String> shippedOptions() {
    Matcher options =
        Pattern.compile("^default_opts='(.*)'$", Pattern.MULTILINE)
            .matcher(Project.text("bin/fanfare"));
    if (!options.find()) {
      throw new AssertionError("bin/fanfare has no default options");
    }
    return List.of(options.group(1).split(" "));
  }

  private Jvm start(String name, List<String> options, Path home, Map<String, String> more)
      throws IOException {
    Map<String, String> environment = new HashMap<>(settings);
    environment.put("FANFARE_HOME", home.toString());
    environment.putAll(more);
    return keep(Jvm.start(name, options, Main.class, List.of("server"), environment, log(name)));
  }

  private static Serving ready(Jvm jvm) {
    String ready = jvm.awaitLine(READY, START);
    URI url = URI.create(ready.substring(READY.length()).split(" ", 2)[0]);
    return new Serving(jvm, url);
  }

  /** Starts a worker for the demo tasks. */
  Jvm worker(String name, Serving server, int slots) throws IOException {
    return worker(
        name, DemoWorker.class, server.url(), Map.of("FANFARE_SLOTS", Integer.toString(slots)));
  }

  /** Starts a worker, with settings that only it has. */
  Jvm worker(String name, Class<?> main, URI server, Map<String, String> more) throws IOException {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("FANFARE_URL", server.toString());
    environment.put("FANFARE_SECRET_KEY", KEY);
    return keep(Jvm.start(name, Jvm.SHORT_LIVED, main, List.of(), environment, log(name)));
  }

  private @Nullable Path log(String name) {
    return logs == null ? null : logs.resolve(name.replace(' ', '-') + ".log");
  }

  /** Kills a process, and forgets its output. */
  void end(Jvm jvm) throws InterruptedException {
    jvm.kill();
    all.remove(jvm);
  }

  private Jvm keep(Jvm jvm) {
    all.push(jvm);
    return jvm;
  }

  /** All processes with their last output, the newest first. */
  @Override
  public String toString() {
    return all.stream().map(Jvm::toString).collect(Collectors.joining(System.lineSeparator()));
  }

  @Override
  public void close() throws InterruptedException {
    for (Jvm jvm : new ArrayList<>(all)) {
      jvm.close();
    }
  }
}
