package dev.fanfare.postgres;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URL;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/** The compressed archive of PostgreSQL's programs on the class path. */
record Archive(URL location) {

  static Archive onClassPath() {
    String name = Platform.archive();
    URL url = Archive.class.getResource("/" + name);
    if (url == null) {
      throw new PostgresException(
          ("The class path has no PostgreSQL for this platform (%s, %s): %s is missing. Use a build"
                  + " for this platform, or set the URL of your own PostgreSQL.")
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch"), name));
    }
    return new Archive(url);
  }

  /**
   * Identifies exactly these programs: the first 64 bits of the archive's SHA-256 hash. The archive
   * does not contain its version, and the class path may hold any version. Takes about 0.1 s.
   */
  String fingerprint() throws IOException {
    try (InputStream in = location.openStream();
        DigestInputStream digested =
            new DigestInputStream(in, MessageDigest.getInstance("SHA-256"))) {
      digested.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(digested.getMessageDigest().digest(), 0, 8);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible); // every JDK has SHA-256
    }
  }

  void unpackInto(Path folder) throws IOException {
    try (InputStream in = location.openStream();
        TarArchiveInputStream tar =
            new TarArchiveInputStream(
                new BufferedInputStream(new XZInputStream(in), 1 << 16), "UTF-8")) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        unpack(tar, entry, folder);
      }
    }
  }

  /** Keeps the final folder complete after a power failure; takes 0.3 s for all files. */
  private static void sync(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path folder)
      throws IOException {
    Path target = folder.resolve(entry.getName()).normalize();
    if (!target.startsWith(folder)) {
      throw new IOException("Archive entry points outside the target folder: " + entry.getName());
    }
    if (entry.isDirectory()) {
      Files.createDirectories(target);
      return;
    }
    Files.createDirectories(target.resolveSibling("."));
    if (entry.isSymbolicLink()) {
      Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
    } else {
      Files.copy(tar, target);
      sync(target);
      if ((entry.getMode() & 0100) != 0 && !target.toFile().setExecutable(true, false)) {
        throw new IOException("Cannot make " + target + " executable");
      }
    }
  }
}
