package dev.fanfare.cli;

import static dev.fanfare.server.config.ServerSettings.LOG_FORMAT;
import static dev.fanfare.server.config.ServerSettings.LOG_LEVEL;

import dev.fanfare.server.config.Settings;
import java.util.TimeZone;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Configures logging from the settings. This must happen before the first logger is created,
 * because {@code logback.xml} reads these properties only once.
 */
final class Logging {
  private static final String FORMAT = "fanfare.log.format";
  private static final String JSON = "json";

  /** The zone of the machine, for the times of log lines in the form of text. */
  private static final String ZONE = "fanfare.log.zone";

  private Logging() {}

  /** Sets up logging at {@code level}, unless the settings name another level. */
  static void start(Settings settings, String level) {
    String chosen = settings.config().get(LOG_LEVEL);
    System.setProperty("fanfare.log.level", chosen == null ? level : chosen);
    System.setProperty(FORMAT, settings.config().get(LOG_FORMAT));
    // Helidon, the JDBC driver and the JDK log through java.util.logging.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    Logger log = LoggerFactory.getLogger(Logging.class);
    Thread.setDefaultUncaughtExceptionHandler((thread, failure) ->
        log.error("Thread {} ended with an unexpected failure", thread.getName(), failure));
  }

  /**
   * Makes UTC the default zone of this process, but not that of its log. The JDBC driver sends the
   * default zone to PostgreSQL, which refuses names that only Java knows, such as IST.
   */
  static void useUtc() {
    System.setProperty(ZONE, TimeZone.getDefault().getID());
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
  }

  /** Whether the log, and so every message to an operator, is JSON. */
  static boolean isJson() {
    return JSON.equals(System.getProperty(FORMAT));
  }

  /** As {@link #isJson}, also before the settings are read, because one of them is invalid. */
  static boolean wantsJson() {
    if (System.getProperty(FORMAT) == null
        && JSON.equals(System.getenv().getOrDefault(LOG_FORMAT.name(), "").strip())) {
      System.setProperty(FORMAT, JSON);
    }
    return isJson();
  }
}
