package dev.fanfare.acceptance.chaos;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Looks for errors in the logs of the processes. Not thread-safe. */
final class Logs {
  /** Not what a handler threw on purpose: a worker logs it as a warning, without a stack trace. */
  private static final Pattern UNEXPECTED =
      Pattern.compile(" ERROR |OutOfMemoryError|Exception in thread|should not have happened");

  private static final int LINES_MAX = 5;

  private final Path folder;
  private final Findings findings;
  private final Map<Path, Long> read = new HashMap<>();

  Logs(Path folder, Findings findings) {
    this.folder = folder;
    this.findings = findings;
  }

  /** Checks what was written since the last time. */
  void check() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path log : files.filter(file -> file.toString().endsWith(".log")).sorted().toList()) {
        List<String> bad =
            next(log).lines().filter(line -> UNEXPECTED.matcher(line).find()).toList();
        findings.addAll(
            log.getFileName().toString(), bad.subList(0, Math.min(LINES_MAX, bad.size())));
      }
    }
  }

  private String next(Path log) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long begin = read.getOrDefault(log, 0L);
      byte[] bytes = new byte[Math.toIntExact(file.length() - begin)];
      file.seek(begin);
      file.readFully(bytes);
      read.put(log, begin + bytes.length);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
