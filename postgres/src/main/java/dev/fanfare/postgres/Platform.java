package dev.fanfare.postgres;

import java.util.Locale;

/** The machine we run on, in the words of the jars that hold PostgreSQL's programs. */
final class Platform {
  private static final String OS = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
  private static final String ARCH = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);

  private Platform() {}

  static boolean isWindows() {
    return OS.startsWith("windows");
  }

  static boolean isLinux() {
    return OS.startsWith("linux");
  }

  /** Name of the archive on the class path, such as {@code postgres-linux-x86_64.txz}. */
  static String archive() {
    String os = isWindows() ? "windows" : OS.startsWith("mac") ? "darwin" : "linux";
    String arch =
        switch (ARCH) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "arm_64";
          default -> ARCH;
        };
    return "postgres-" + os + "-" + arch + ".txz";
  }

  /** A program's file name here: {@code postgres} or {@code postgres.exe}. */
  static String program(String name) {
    return isWindows() ? name + ".exe" : name;
  }
}
