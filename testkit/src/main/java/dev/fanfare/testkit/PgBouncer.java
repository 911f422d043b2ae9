package dev.fanfare.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A PgBouncer of this machine in front of a test database, on a port of its own. */
public final class PgBouncer implements AutoCloseable {
  private static final List<Path> PLACES =
      List.of(
          Path.of("/usr/sbin/pgbouncer"),
          Path.of("/usr/bin/pgbouncer"),
          Path.of("/usr/local/bin/pgbouncer"),
          Path.of("/opt/homebrew/bin/pgbouncer"));

  /** PgBouncer refuses to be root, and then becomes this user. */
  private static final String USER = "nobody";

  private static final Duration START = Duration.ofSeconds(20);

  private final Path folder;
  private final Process process;
  private final String jdbcUrl;

  private PgBouncer(Path folder, Process process, String jdbcUrl) {
    this.folder = folder;
    this.process = process;
    this.jdbcUrl = jdbcUrl;
  }

  /**
   * Starts one; skips the test on a machine without PgBouncer.
   *
   * @param settings lines of its configuration
   */
  public static PgBouncer start(TestDatabase home, String... settings) throws IOException {
    Path program = PLACES.stream().filter(Files::isExecutable).findFirst().orElse(null);
    assumeTrue(program != null, "needs PgBouncer: apt-get install pgbouncer");
    int port = freePort();
    URI direct = URI.create(home.jdbcUrl().substring("jdbc:".length()));
    Path folder = Files.createTempDirectory("pgbouncer");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path configuration = folder.resolve("pgbouncer.ini");
    List<String> lines = new ArrayList<>();
    lines.add("[databases]");
    lines.add(
        "* = host=127.0.0.1 port=%s user=%s password=%s"
            .formatted(direct.getPort(), home.user(), home.password()));
    lines.add("[pgbouncer]");
    lines.add("listen_addr = 127.0.0.1");
    lines.add("listen_port = " + port);
    lines.add("unix_socket_dir =");
    lines.add("auth_type = any");
    if (new UnixSystem().getUid() == 0) {
      lines.add("user = " + USER);
    }
    lines.addAll(List.of(settings));
    Files.write(configuration, lines);
    Process process =
        new ProcessBuilder(program.toString(), configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    String url = "jdbc:postgresql://127.0.0.1:" + port + direct.getPath();
    PgBouncer bouncer = new PgBouncer(folder, process, url);
    Await.until(START, () -> bouncer.listens(port));
    return bouncer;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private boolean listens(int port) {
    if (!process.isAlive()) {
      throw new IllegalStateException("PgBouncer ended: " + log());
    }
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private String log() {
    try {
      return Files.readString(folder.resolve("log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** The test database behind it, with the database's own user and password. */
  public String jdbcUrl() {
    return jdbcUrl;
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    try {
      process.waitFor(START.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
