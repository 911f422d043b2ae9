package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.stream.Collectors;

/** The file that receives the server's output. */
record ServerLog(Path file) {
  private static final int TAIL_BYTES = 4000;

  /** Starts an empty log and keeps only one previous log, so restarts do not fill the disk. */
  void rotate() throws IOException {
    if (Files.exists(file)) {
      Path former = file.resolveSibling(file.getFileName() + ".1");
      Files.move(file, former, StandardCopyOption.REPLACE_EXISTING);
    }
    Home.writePrivate(file, "");
  }

  long size() throws IOException {
    return Files.size(file);
  }

  /** What the server wrote after the log had {@code size}, in one line and without mere notes. */
  String failureSince(long size) throws IOException {
    String text = read(size);
    return text.lines()
        .filter(line -> !line.contains("LOG:  "))
        .map(String::strip)
        .collect(Collectors.joining(" "));
  }

  /** The last lines, for error messages. */
  String tail() throws IOException {
    return read(0);
  }

  private String read(long start) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long from = Math.max(start, channel.size() - TAIL_BYTES);
      ByteBuffer bytes = ByteBuffer.allocate(TAIL_BYTES);
      channel.read(bytes, from);
      String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
      // The first line of the tail is usually incomplete.
      return (from > start ? text.substring(text.indexOf('\n') + 1) : text).strip();
    }
  }
}
