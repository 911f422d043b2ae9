package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** PostgreSQL's programs, unpacked. */
record Binaries(Path folder) {
  private static final Logger log = LoggerFactory.getLogger(Binaries.class);
  // Unpacking takes 3 s here; a slow disk and a crowd of JVMs waiting in line get their time.
  private static final Duration UNPACK_BOUND = Duration.ofMinutes(3);
  // A file lock keeps other JVMs out, not other threads of this one.
  private static final Object UNPACKING = new Object();

  String postgres() {
    return program("postgres");
  }

  String initdb() {
    return program("initdb");
  }

  String pgCtl() {
    return program("pg_ctl");
  }

  private String program(String name) {
    return folder.resolve("bin").resolve(Platform.program(name)).toString();
  }

  private boolean complete() {
    return Files.isExecutable(Path.of(postgres())) && Files.isExecutable(Path.of(initdb()));
  }

  /**
   * Unpacks the archive into {@code cache} unless it is there already. A folder under its final
   * name is whole, because it got that name after the last file; so a filled cache is only read.
   */
  static Binaries in(Path cache, Archive archive) throws IOException, InterruptedException {
    String name = "postgres-" + archive.fingerprint();
    Binaries binaries = new Binaries(cache.resolve(name));
    if (binaries.complete()) {
      return binaries;
    }
    synchronized (UNPACKING) {
      try {
        Files.createDirectories(cache);
        try (FileChannel channel =
            FileChannel.open(
                cache.resolve(name + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE)) {
          awaitLock(channel);
          if (!binaries.complete()) {
            unpack(archive, cache, name);
          }
        }
      } catch (IOException e) {
        throw new PostgresException(
            "Cannot unpack PostgreSQL into %s: %s. Its folder must be writable the first time, with 100 MB free."
                .formatted(cache, e),
            e);
      }
    }
    return binaries;
  }

  private static void unpack(Archive archive, Path cache, String name) throws IOException {
    long begun = System.nanoTime();
    String temporary = name + ".unpacking-";
    // We hold the lock: whoever began these is dead.
    try (DirectoryStream<Path> halves = Files.newDirectoryStream(cache, temporary + "*")) {
      for (Path half : halves) {
        Folders.delete(half);
      }
    }
    Path half = cache.resolve(temporary + ProcessHandle.current().pid());
    archive.unpackInto(half);
    Path whole = cache.resolve(name);
    if (Files.exists(whole)) { // someone took files out of it
      Files.move(whole, cache.resolve(temporary + "damaged"), StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(half, whole, StandardCopyOption.ATOMIC_MOVE);
    Folders.sync(cache);
    log.info("Unpacked PostgreSQL into {} in {} ms", whole, (System.nanoTime() - begun) / 1000000);
  }

  /** Waits its turn; closing the channel lets the next one in. */
  private static void awaitLock(FileChannel channel) throws IOException, InterruptedException {
    Deadline deadline = Deadline.in(UNPACK_BOUND);
    while (channel.tryLock() == null) {
      if (deadline.passed()) {
        throw new IOException("another process has been unpacking for " + UNPACK_BOUND);
      }
      deadline.pause(Duration.ofMillis(50));
    }
  }
}
