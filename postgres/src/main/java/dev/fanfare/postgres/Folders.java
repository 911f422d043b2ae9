package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** Operations on whole folders that {@link Files} leaves out. */
final class Folders {
  static final FileAttribute<?> OWNER_READS_WRITES = mode("rw-------");

  private Folders() {}

  private static FileAttribute<?> mode(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }

  static boolean posix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  /** Makes a folder that only its owner may enter; an existing one stays as it is. */
  static void createPrivate(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path parent = folder.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    if (posix(folder)) {
      Files.createDirectory(folder, mode("rwx------"));
    } else {
      Files.createDirectory(folder);
    }
  }

  /** Deletes a folder and all below it, never following a link. */
  static void delete(Path folder) throws IOException {
    if (Files.notExists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    walkUp(folder, Files::deleteIfExists);
  }

  /** Gives a folder and all below it to a user id; the top comes last, so it tells when done. */
  static void giveTo(int uid, Path folder) throws IOException {
    walkUp(folder, path -> giveOne(uid, path));
  }

  static void giveOne(int uid, Path path) throws IOException {
    Files.setAttribute(path, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
    Files.setAttribute(path, "unix:gid", uid, LinkOption.NOFOLLOW_LINKS);
  }

  static int owner(Path path) throws IOException {
    return (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  /** Makes a rename in {@code folder} survive a power cut, where the system can do that. */
  static void sync(Path folder) throws IOException {
    if (Platform.isWindows()) {
      return; // folders cannot be opened there
    }
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private interface Visit {
    void path(Path path) throws IOException;
  }

  private static void walkUp(Path folder, Visit visit) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            visit.path(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            visit.path(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
