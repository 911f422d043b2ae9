package dev.fanfare.bench;

import dev.fanfare.bench.measure.LineProcess;
import dev.fanfare.bench.measure.ProcessUsage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A server in a separate process, with the JVM options of the launcher. */
final class ServerProcess implements AutoCloseable {
  private static final List<String> FLAGS =
      List.of(
          "-Xmx256m",
          "-XX:+UseParallelGC",
          "-XX:+UseCompactObjectHeaders",
          "-XX:+ExitOnOutOfMemoryError");

  private static final double MEGABYTE = 1 << 20;

  private final LineProcess jvm;
  private final String url;
  private final String key;

  private ServerProcess(LineProcess jvm, String url, String key) {
    this.jvm = jvm;
    this.url = url;
    this.key = key;
  }

  /**
   * Starts a server on the database at {@code databaseUrl}; returns when it is ready.
   *
   * @param settings additional settings, by the names of their environment variables
   */
  static ServerProcess start(
      Path home, String databaseUrl, List<String> moreFlags, Map<String, String> settings)
      throws IOException {
    List<String> flags = new ArrayList<>(FLAGS);
    flags.addAll(moreFlags);
    Map<String, String> environment = new HashMap<>(settings);
    environment.put("FANFARE_HOME", home.toString());
    environment.put("FANFARE_PORT", "0");
    environment.put("FANFARE_DATABASE_URL", databaseUrl);
    LineProcess jvm = LineProcess.java(ServerMain.class, flags, environment);
    String[] ready = jvm.expect("ready").split(" ", -1);
    return new ServerProcess(jvm, ready[0], ready[1]);
  }

  String url() {
    return url;
  }

  String key() {
    return key;
  }

  ProcessHandle process() {
    return jvm.handle();
  }

  /** The memory that the server occupies now, and what it needs of its heap. */
  Memory memory() throws IOException {
    double resident = ProcessUsage.residentBytes(jvm.handle());
    jvm.send("collect");
    double live = Double.parseDouble(jvm.expect("live"));
    return new Memory(resident / MEGABYTE, live / MEGABYTE);
  }

  @Override
  public void close() {
    jvm.close();
  }
}
