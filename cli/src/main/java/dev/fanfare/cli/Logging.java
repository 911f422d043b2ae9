package dev.fanfare.cli;

import static dev.fanfare.server.config.ServerSettings.LOG_FORMAT;
import static dev.fanfare.server.config.ServerSettings.LOG_LEVEL;

import dev.fanfare.server.config.Settings;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Configures logging from the settings. This must happen before the first logger is created,
 * because {@code logback.xml} reads these properties only once.
 */
final class Logging {
  private Logging() {}

  /** Sets up logging at {@code level}, unless the settings name another level. */
  static void start(Settings settings, String level) {
    String chosen = settings.config().get(LOG_LEVEL);
    System.setProperty("fanfare.log.level", chosen == null ? level : chosen);
    System.setProperty("fanfare.log.format", settings.config().get(LOG_FORMAT));
    // Helidon, the JDBC driver and the JDK log through java.util.logging.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
  }
}
