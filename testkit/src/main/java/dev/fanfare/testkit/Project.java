package dev.fanfare.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The project's own files, for tests that compare sources and documents. */
public final class Project {
  /** The folder that holds all modules. */
  public static final Path ROOT = root();

  private static final Set<String> FOREIGN = Set.of("target", "node_modules");

  private Project() {}

  private static Path root() {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      if (Files.isDirectory(folder.resolve("protocol"))) {
        return folder;
      }
    }
    throw new IllegalStateException("Tests run in a module of the project");
  }

  /** Every file below a folder in order, without what builds, tools and servers leave behind. */
  public static List<Path> files(Path folder) {
    List<Path> files = new ArrayList<>();
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes all) {
              String name = directory.getFileName().toString();
              boolean skipped =
                  FOREIGN.contains(name) || (name.startsWith(".") && !directory.equals(folder));
              return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes all) {
              files.add(file);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    files.sort(null);
    return files;
  }

  /** The files below a folder whose names end so. */
  public static List<Path> files(Path folder, String ending) {
    return files(folder).stream().filter(file -> file.toString().endsWith(ending)).toList();
  }

  /** A file's text. */
  public static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file's text, by its path from the root. */
  public static String text(String path) {
    return text(ROOT.resolve(path));
  }
}
