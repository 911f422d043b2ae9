package dev.fanfare.cli;

import static dev.fanfare.server.config.ServerSettings.LOG_FORMAT;
import static dev.fanfare.server.config.ServerSettings.LOG_LEVEL;

import dev.fanfare.server.config.Settings;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Sets up logging as the settings say. Must come before the first logger is made: {@code
 * logback.xml} reads these properties once.
 */
final class Logging {
  private Logging() {}

  /** Logs from {@code level} on, unless the settings name another. */
  static void start(Settings settings, String level) {
    String chosen = settings.server().get(LOG_LEVEL);
    System.setProperty("fanfare.log.level", chosen == null ? level : chosen);
    System.setProperty("fanfare.log.format", settings.server().get(LOG_FORMAT));
    // Helidon, the JDBC driver and the JDK log through java.util.logging.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
  }
}
