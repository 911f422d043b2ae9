package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a server writes into {@code postmaster.pid} in its data folder. We only ever read the file:
 * PostgreSQL alone knows when it may go.
 *
 * @param pid process that wrote the file; after a crash the number may be another program's
 * @param port where it listens; 0 while half written
 * @param status {@code starting}, {@code ready}, {@code stopping}; empty while half written
 */
record PostmasterPid(long pid, int port, String status) {
  private static final int PORT_LINE = 3;
  private static final int STATUS_LINE = 7;

  static Optional<PostmasterPid> read(Path data) throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(data.resolve("postmaster.pid"));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
    long pid = number(line(lines, 0));
    if (pid == 0) {
      return Optional.empty();
    }
    int port = (int) number(line(lines, PORT_LINE));
    return Optional.of(new PostmasterPid(pid, port, line(lines, STATUS_LINE)));
  }

  private static String line(List<String> lines, int index) {
    return index < lines.size() ? lines.get(index).strip() : "";
  }

  private static long number(String text) {
    return text.matches("\\d{1,9}") ? Long.parseLong(text) : 0;
  }

  boolean ready() {
    return status.equals("ready");
  }
}
