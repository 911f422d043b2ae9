package dev.fanfare.server;

import static dev.fanfare.server.config.ServerSettings.ENCRYPTION_KEY;
import static dev.fanfare.server.config.ServerSettings.HOME;

import dev.fanfare.server.component.StartException;
import dev.fanfare.server.config.ServerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.SecretKey;

/** The key that encrypts secret keys in the database: configured, or generated once in a file. */
final class EncryptionKey {
  private static final String FILE = "encryption.key";
  private static final int BYTES = 32;

  private EncryptionKey() {}

  /**
   * As {@link #of}, but creates nothing.
   *
   * @throws StartException when there is no key
   */
  static byte[] existing(ServerConfig config) {
    Path file = config.get(HOME).resolve(FILE);
    if (config.get(ENCRYPTION_KEY) == null && !Files.exists(file)) {
      throw new StartException(
          ("There is no encryption key: neither is FANFARE_ENCRYPTION_KEY set, nor does %s exist."
                  + " Change to the working directory of the server, or set FANFARE_HOME or"
                  + " FANFARE_ENCRYPTION_KEY as the server does")
              .formatted(file.toAbsolutePath().normalize()));
    }
    return of(config);
  }

  static byte[] of(ServerConfig config) {
    SecretKey configured = config.get(ENCRYPTION_KEY);
    if (configured != null) {
      return configured.getEncoded();
    }
    Path file = config.get(HOME).resolve(FILE);
    try {
      Files.createDirectories(config.get(HOME));
      if (!Files.exists(file)) {
        create(file);
      }
      return Base64.getDecoder().decode(Files.readString(file).strip());
    } catch (IOException e) {
      throw new StartException("Cannot read or create the encryption key in " + file + ": " + e, e);
    } catch (IllegalArgumentException e) {
      throw new StartException(file + " does not contain an encryption key", e);
    }
  }

  /** Writes a draft and links it, so that another server cannot read half of the key. */
  private static void create(Path file) throws IOException {
    byte[] key = new byte[BYTES];
    new SecureRandom().nextBytes(key);
    Path draft = Files.createTempFile(file.getParent(), FILE, ".new", onlyOwner(file));
    Files.writeString(
        draft, Base64.getEncoder().encodeToString(key) + "\n", StandardOpenOption.WRITE);
    try {
      Files.createLink(file, draft); // unlike a move, never replaces an existing key
    } catch (java.nio.file.FileAlreadyExistsException e) {
      // another server was first: use its key
    } finally {
      Files.delete(draft);
    }
  }

  private static FileAttribute<?>[] onlyOwner(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }
}
