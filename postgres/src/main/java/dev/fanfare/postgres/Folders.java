package dev.fanfare.postgres;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** Operations on whole folders that {@link Files} does not offer. */
final class Folders {
  static final FileAttribute<?> OWNER_READS_WRITES = mode("rw-------");

  private Folders() {}

  private static FileAttribute<?> mode(String permissions) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
  }

  static boolean posix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  /** Creates a folder that only its owner can access; an existing folder stays unchanged. */
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

  /**
   * Deletes a folder with its content, without following links. Another process may delete files at
   * the same time: an initdb that is stopped removes its folder.
   */
  static void delete(Path folder) throws IOException {
    if (Files.notExists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    walkUp(folder, Files::deleteIfExists);
  }

  /**
   * Changes the owner of a folder and its content. The folder itself comes last, to mark the end.
   */
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

  /** Makes a rename in {@code folder} survive a power failure, if the system supports it. */
  static void sync(Path folder) throws IOException {
    if (Platform.isWindows()) {
      return; // Windows cannot open folders
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
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException failure)
              throws IOException {
            if (failure != null && !(failure instanceof NoSuchFileException)) {
              throw failure;
            }
            visit.path(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
