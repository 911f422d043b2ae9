package dev.fanfare.postgres;

import java.util.Locale;

/** The current platform, named as in the jars that contain PostgreSQL's programs. */
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

  /** The name of the archive on the class path, such as {@code postgres-linux-x86_64.txz}. */
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

  /** The file name of a program on this platform: {@code postgres} or {@code postgres.exe}. */
  static String program(String name) {
    return isWindows() ? name + ".exe" : name;
  }
}
