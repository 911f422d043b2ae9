package dev.fanfare.testkit;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.stream.Stream;

/** Temporary folders of test servers. Each JVM also deletes the folders that killed JVMs left. */
final class TemporaryHome {
  private static final String PREFIX = "fanfare-test-";
  private static final String OURS = PREFIX + ProcessHandle.current().pid() + "-";

  private TemporaryHome() {}

  static Path create() throws IOException {
    Path made = Files.createTempDirectory(OURS);
    Path all = made.toAbsolutePath().getParent();
    if (all != null) {
      deleteAbandoned(all);
    }
    return made;
  }

  static void delete(Path home) throws IOException {
    try (Stream<Path> all = Files.walk(home)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  private static void deleteAbandoned(Path temporary) throws IOException {
    try (DirectoryStream<Path> homes = Files.newDirectoryStream(temporary, PREFIX + "*")) {
      for (Path home : homes) {
        // Closing a channel on a lock file of this JVM would release its lock.
        if (!String.valueOf(home.getFileName()).startsWith(OURS)) {
          deleteIfAbandoned(home);
        }
      }
    }
  }

  /** Every home has a file {@code lock}; its JVM holds a lock on it until it ends. */
  private static void deleteIfAbandoned(Path home) {
    try (FileChannel channel = FileChannel.open(home.resolve("lock"), StandardOpenOption.WRITE)) {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        delete(home);
      }
    } catch (IOException notOurs) {
      // The home belongs to another user, or another JVM is creating or deleting it.
    }
  }
}
