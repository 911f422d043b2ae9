package dev.fanfare.cli;

import static dev.fanfare.server.config.ServerSettings.HOME;
import static dev.fanfare.server.config.ServerSettings.PACKET_FOLDER;

import dev.fanfare.server.component.StartException;
import dev.fanfare.server.config.Settings;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Checks that this JVM can express the paths it was given. Java encodes file names in the locale's
 * charset: in the locale C, a folder with a letter such as é gets another name, and so another
 * database. {@code bin/fanfare} therefore starts Java in a UTF-8 locale.
 */
final class PathEncoding {
  private PathEncoding() {}

  /**
   * Refuses to go on if a path is not ASCII and file names are not encoded in UTF-8.
   *
   * @throws StartException with the path and what to do
   */
  static void check(Settings settings) {
    check(System.getProperty("sun.jnu.encoding", "UTF-8"), paths(settings));
  }

  static void check(String encoding, Map<String, String> paths) {
    if (Charset.isSupported(encoding) && Charset.forName(encoding).equals(StandardCharsets.UTF_8)) {
      return;
    }
    paths.forEach((name, path) -> {
      if (!path.chars().allMatch(c -> c > 0 && c < 128)) {
        throw new StartException(
            ("%s is %s, and this locale encodes file names in %s, which would name another"
                    + " folder. Set LC_ALL=C.UTF-8, or start with bin/fanfare, which does")
                .formatted(name, path, encoding));
      }
    });
  }

  private static Map<String, String> paths(Settings settings) {
    Map<String, String> paths = new TreeMap<>();
    paths.put("The working directory", System.getProperty("user.dir", ""));
    paths.put(HOME.name(), settings.config().get(HOME).toString());
    Path packets = settings.config().get(PACKET_FOLDER);
    if (packets != null) {
      paths.put(PACKET_FOLDER.name(), packets.toString());
    }
    return paths;
  }
}
