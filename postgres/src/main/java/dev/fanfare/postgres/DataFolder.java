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

/** The folder with the data: made once, of one major version of PostgreSQL for life. */
final class DataFolder {
  private static final Logger log = LoggerFactory.getLogger(DataFolder.class);
  // 1.3 s here, most of it fsync; slow disks take their time.
  private static final Duration INITDB_BOUND = Duration.ofMinutes(3);
  private static final String TEMPORARY = "data.making-";

  private DataFolder() {}

  /**
   * Makes the data folder under another name and renames it when whole: a start that is killed
   * halfway leaves nothing that could be taken for data.
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
    log.info("Made a new PostgreSQL database in {}", home.data());
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
          "PostgreSQL could not make its data folder in %s (initdb ended with %d):%n%s"
              .formatted(home.folder(), status, output.tail()));
    }
  }

  private static void deleteHalfMade(Home home) throws IOException {
    try (DirectoryStream<Path> halves = Files.newDirectoryStream(home.folder(), TEMPORARY + "*")) {
      for (Path half : halves) {
        Folders.delete(half);
      }
    }
  }

  /** Refuses data of another major version: PostgreSQL would refuse it too, with less advice. */
  static void checkVersion(Home home, String major) throws IOException {
    Path file = home.data().resolve("PG_VERSION");
    if (!Files.exists(file)) {
      throw new PostgresException(
          "%s exists but is no PostgreSQL data folder (no PG_VERSION in it). Move it away, or choose another folder."
              .formatted(home.data()));
    }
    String found = Files.readString(file).strip();
    if (!found.equals(major)) {
      throw new PostgresException(
          ("The data in %s belongs to PostgreSQL %s, this build brings PostgreSQL %s, and neither"
                  + " reads the other's files. To move: start the build that made it, save the"
                  + " database with pg_dump, move the folder %s away, start this build and load the"
                  + " dump with psql. Or keep PostgreSQL %s running by itself and give its URL.")
              .formatted(home.data(), found, major, home.data(), found));
    }
  }
}
