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

/** The folder of PostgreSQL's unpacked programs. */
record Binaries(Path folder) {
  private static final Logger log = LoggerFactory.getLogger(Binaries.class);
  // Unpacking takes about 3 s; the bound allows for slow disks and for other JVMs ahead of this
  // one.
  private static final Duration UNPACK_BOUND = Duration.ofMinutes(3);
  // A file lock excludes other JVMs, but not other threads of this one.
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
   * Unpacks the archive into {@code cache}, unless that was done before. A folder is renamed to its
   * final name after its last file was written, so it is always complete, and a filled cache is
   * only read.
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
            "Cannot unpack PostgreSQL into %s: %s. The first start needs write access to this folder and 100 MB of free space."
                .formatted(cache, e),
            e);
      }
    }
    return binaries;
  }

  private static void unpack(Archive archive, Path cache, String name) throws IOException {
    long begun = System.nanoTime();
    String temporary = name + ".unpacking-";
    // We hold the lock, so the processes that created these folders are dead.
    try (DirectoryStream<Path> halves = Files.newDirectoryStream(cache, temporary + "*")) {
      for (Path half : halves) {
        Folders.delete(half);
      }
    }
    Path half = cache.resolve(temporary + ProcessHandle.current().pid());
    archive.unpackInto(half);
    Path whole = cache.resolve(name);
    if (Files.exists(whole)) { // files are missing from it
      Files.move(whole, cache.resolve(temporary + "damaged"), StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(half, whole, StandardCopyOption.ATOMIC_MOVE);
    Folders.sync(cache);
    log.info("Unpacked PostgreSQL into {} in {} ms", whole, (System.nanoTime() - begun) / 1000000);
  }

  /** Waits for the file lock; closing the channel releases it. */
  private static void awaitLock(FileChannel channel) throws IOException, InterruptedException {
    Deadline deadline = Deadline.in(UNPACK_BOUND);
    while (channel.tryLock() == null) {
      if (deadline.passed()) {
        throw new IOException(
            "another process still holds the lock after " + UNPACK_BOUND.toSeconds() + " s");
      }
      deadline.pause(Duration.ofMillis(50));
    }
  }
}
