package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A file lock that lets only one JVM run the server in a home. The operating system releases the
 * lock when the JVM ends, even if it is killed.
 */
final class HomeLock implements AutoCloseable {
  // A process loses its POSIX lock when it closes any descriptor of the file. So a second attempt
  // in this JVM must be rejected before it opens the file.
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();
  // After the text: Windows denies reading locked bytes, and other processes must read our pid.
  private static final long LOCKED_BYTE = 1000;

  private final Path folder;
  private final FileChannel channel;

  private HomeLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  static HomeLock take(Home home) throws IOException {
    if (!HELD.add(home.folder())) {
      throw inUse(home, "this JVM");
    }
    HomeLock taken = null;
    try {
      taken = tryTake(home);
    } finally {
      if (taken == null) {
        HELD.remove(home.folder());
      }
    }
    return taken;
  }

  private static HomeLock tryTake(Home home) throws IOException {
    FileChannel channel =
        FileChannel.open(
            home.lock(),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    @Nullable FileLock lock = null;
    try {
      lock = channel.tryLock(LOCKED_BYTE, 1, false);
      if (lock == null) {
        throw inUse(home, "process " + holder(channel));
      }
      byte[] pid = Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII);
      channel.truncate(0).write(ByteBuffer.wrap(pid), 0);
      return new HomeLock(home.folder(), channel);
    } finally {
      if (lock == null) {
        channel.close();
      }
    }
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(32);
    channel.read(text, 0);
    return new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII);
  }

  private static PostgresException inUse(Home home, String holder) {
    return new PostgresException(
        "The folder %s is in use by %s. Only one JVM at a time can run the database in it. Stop that process first, or choose another folder."
            .formatted(home.folder(), holder));
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      HELD.remove(folder);
    }
  }
}
