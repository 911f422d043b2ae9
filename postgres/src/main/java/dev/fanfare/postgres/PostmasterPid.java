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
 * @param status {@code starting}, {@code ready}, {@code stopping}; empty while half written
 */
record PostmasterPid(long pid, String status) {
  private static final int STATUS_LINE = 7;

  static Optional<PostmasterPid> read(Path data) throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(data.resolve("postmaster.pid"));
    } catch (NoSuchFileException none) {
      return Optional.empty();
    }
    if (lines.isEmpty() || !lines.getFirst().strip().matches("\\d{1,18}")) {
      return Optional.empty();
    }
    String status = lines.size() > STATUS_LINE ? lines.get(STATUS_LINE).strip() : "";
    return Optional.of(new PostmasterPid(Long.parseLong(lines.getFirst().strip()), status));
  }

  boolean ready() {
    return status.equals("ready");
  }
}
