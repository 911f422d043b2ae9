package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

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

  /** The last lines, for error messages. */
  String tail() throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long from = Math.max(0, channel.size() - TAIL_BYTES);
      ByteBuffer bytes = ByteBuffer.allocate(TAIL_BYTES);
      channel.read(bytes, from);
      String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
      // The first line of the tail is usually incomplete.
      return (from > 0 ? text.substring(text.indexOf('\n') + 1) : text).strip();
    }
  }
}
