package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;

/** The files of one server and their places. */
record Home(Path folder) {

  static Home open(Path folder) throws IOException {
    Folders.createPrivate(folder);
    // The server reports its data folder with links resolved or not, as it was given: give it real.
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

  /** The password, made at first call: 256 random bits in a file only its owner reads. */
  String password() throws IOException {
    if (Files.exists(passwordFile())) {
      return Files.readString(passwordFile()).strip();
    }
    if (Files.exists(data())) {
      throw new PostgresException(
          ("The password of the database in %s is missing (file %s). Put the file back from a"
                  + " backup of this folder; without it nobody can log in.")
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

  /** Writes a new file that no other user could read at any moment. */
  static void writePrivate(Path file, String text) throws IOException {
    if (Folders.posix(file)) {
      Files.createFile(file, Folders.OWNER_READS_WRITES);
    } else {
      Files.createFile(file);
    }
    Files.writeString(file, text, StandardOpenOption.SYNC, StandardOpenOption.WRITE);
  }
}
