package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;

/** The folder of one server, and the paths of its files. */
record Home(Path folder) {

  static Home open(Path folder) throws IOException {
    Folders.createPrivate(folder);
    // The server reports its data folder as it was passed, so pass the path with links resolved.
    return new Home(folder.toRealPath());
  }

  Path lock() {
    return folder.resolve("lock");
  }

  Path data() {
    return folder.resolve("data");
  }

  Path settings() {
    return folder.resolve("postgresql.conf");
  }

  Path log() {
    return folder.resolve("postgres.log");
  }

  Path passwordFile() {
    return folder.resolve("password");
  }

  /**
   * The password. The first call creates it: 256 random bits, in a file that only its owner can
   * read.
   */
  String password() throws IOException {
    if (Files.exists(passwordFile())) {
      return Files.readString(passwordFile()).strip();
    }
    if (Files.exists(data())) {
      throw new PostgresException(
          ("The password file of the database in %s is missing: %s. Restore it from a backup of"
                  + " this folder; without it, no login is possible.")
              .formatted(folder, passwordFile()));
    }
    byte[] bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    String password = HexFormat.of().formatHex(bytes);
    Path temporary = folder.resolve("password.new");
    Files.deleteIfExists(temporary);
    writePrivate(temporary, password);
    Files.move(temporary, passwordFile(), StandardCopyOption.ATOMIC_MOVE);
    return password;
  }

  /** Writes a new file that no other user can read at any time. */
  static void writePrivate(Path file, String text) throws IOException {
    if (Folders.posix(file)) {
      Files.createFile(file, Folders.OWNER_READS_WRITES);
    } else {
      Files.createFile(file);
    }
    Files.writeString(file, text, StandardOpenOption.SYNC, StandardOpenOption.WRITE);
  }
}
