package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The content of {@code postmaster.pid} in a data folder. Fanfare only reads this file; PostgreSQL
 * alone decides when to delete it.
 *
 * @param pid the process that wrote the file; after a crash another program may have this id
 * @param port the port it listens on; 0 while the file is incomplete
 * @param status {@code starting}, {@code ready} or {@code stopping}; empty while the file is
 *     incomplete
 */
record PostmasterPid(long pid, int port, String status) {
  private static final int PORT_LINE = 3;
  private static final int STATUS_LINE = 7;

  /** Reads the file; returns null if it does not exist or has no process id yet. */
  static @Nullable PostmasterPid read(Path data) throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(data.resolve("postmaster.pid"));
    } catch (NoSuchFileException none) {
      return null;
    }
    long pid = number(line(lines, 0));
    if (pid == 0) {
      return null;
    }
    int port = (int) number(line(lines, PORT_LINE));
    return new PostmasterPid(pid, port, line(lines, STATUS_LINE));
  }

  private static String line(List<String> lines, int index) {
    return index < lines.size() ? lines.get(index).strip() : "";
  }

  private static long number(String text) {
    return text.matches("\\d{1,9}") ? Long.parseLong(text) : 0;
  }

  boolean stopping() {
    return status.equals("stopping");
  }

  boolean ready() {
    return status.equals("ready");
  }
}
