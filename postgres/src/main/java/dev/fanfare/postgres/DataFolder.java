package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** PostgreSQL's data folder: created once, and bound to one major version of PostgreSQL. */
final class DataFolder {
  private static final Logger log = LoggerFactory.getLogger(DataFolder.class);
  // initdb takes about 1.3 s, most of it fsync; slow disks take much longer.
  private static final Duration INITDB_BOUND = Duration.ofMinutes(3);
  private static final String TEMPORARY = "data.making-";

  private DataFolder() {}

  /**
   * Creates the data folder under a temporary name and renames it when it is complete. So a start
   * that is killed halfway never leaves an incomplete data folder.
   */
  static void make(
      Home home, Binaries binaries, Identity identity, boolean durable, ServerLog output)
      throws IOException, InterruptedException {
    deleteHalfMade(home);
    String password = home.password();
    Path half = Files.createTempDirectory(home.folder(), TEMPORARY);
    Path passwordFile = half.resolveSibling(half.getFileName() + ".password");
    try {
      Home.writePrivate(passwordFile, password);
      if (identity.uid() != null) {
        Folders.giveOne(identity.uid(), half);
        Folders.giveOne(identity.uid(), passwordFile);
      }
      initdb(home, binaries, identity, durable, half, passwordFile, output);
    } finally {
      Files.deleteIfExists(passwordFile);
    }
    Files.move(half, home.data(), StandardCopyOption.ATOMIC_MOVE);
    if (durable) {
      Folders.sync(home.folder());
    }
    log.info("Created a new PostgreSQL database in {}", home.data());
  }

  private static void initdb(
      Home home,
      Binaries binaries,
      Identity identity,
      boolean durable,
      Path half,
      Path passwordFile,
      ServerLog output)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>();
    words.add(binaries.initdb());
    words.addAll(List.of("-D", half.toString(), "-U", EmbeddedPostgres.USER));
    words.addAll(List.of("-A", "scram-sha-256", "--pwfile", passwordFile.toString()));
    words.addAll(List.of("-E", "UTF8", "--locale=C", "--no-instructions"));
    if (!durable) {
      words.add("--no-sync");
    }
    int status =
        GuardedProcess.start(identity.command(words), Map.of(), home.folder(), output.file())
            .await(INITDB_BOUND);
    if (status != 0) {
      throw new PostgresException(
          "PostgreSQL could not create its data folder in %s (initdb exited with status %s):%n%s"
              .formatted(home.folder(), status, output.tail()));
    }
  }

  private static void deleteHalfMade(Home home) throws IOException {
    try (DirectoryStream<Path> halves = Files.newDirectoryStream(home.folder(), TEMPORARY + "*")) {
      for (Path half : halves) {
        try {
          Folders.delete(half);
        } catch (IOException e) { // an initdb that is being stopped still writes into it
          log.info("Cannot delete {} yet; leaving it: {}", half, e.toString());
        }
      }
    }
  }

  /** Rejects data of another major version, with more advice than PostgreSQL itself would give. */
  static void checkVersion(Home home, String major) throws IOException {
    Path file = home.data().resolve("PG_VERSION");
    if (!Files.exists(file)) {
      throw new PostgresException(
          "%s exists but is not a PostgreSQL data folder: it has no PG_VERSION file. Move it away, or choose another folder."
              .formatted(home.data()));
    }
    String found = Files.readString(file).strip();
    if (!found.equals(major)) {
      throw new PostgresException(
          ("The data in %s belongs to PostgreSQL %s, but this build contains PostgreSQL %s, which"
               + " cannot read it. To migrate: start the build that created it, save the database"
               + " with pg_dump, move the folder %s away, start this build, and load the dump with"
               + " psql. Or run your own PostgreSQL %s and set its URL.")
              .formatted(home.data(), found, major, home.data(), found));
    }
  }
}
