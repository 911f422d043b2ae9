package dev.fanfare.server.db;

import java.sql.SQLException;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.TimeZone;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time zone of this JVM, whose name the driver sends whenever it connects, and which PostgreSQL
 * has to know. The driver has no setting for it. What a connection does with times does not depend
 * on it: its own time zone is set to UTC at once.
 */
public final class JvmTimeZone {
  private static final Logger log = LoggerFactory.getLogger(JvmTimeZone.class);
  private static final String INVALID_PARAMETER_VALUE = "22023";

  private JvmTimeZone() {}

  /** Replaces an abbreviation of Java's own, such as IST, by the zone that it stands for. */
  public static void expand() {
    String zone = ZoneId.SHORT_IDS.get(TimeZone.getDefault().getID());
    if (zone != null) {
      TimeZone.setDefault(TimeZone.getTimeZone(ZoneId.of(zone)));
    }
  }

  /**
   * Replaces a time zone that made PostgreSQL refuse a connection by UTC. Returns whether that was
   * the reason, so that another attempt makes sense.
   */
  static boolean replaceAfter(SQLException refusal) {
    String zone = TimeZone.getDefault().getID();
    if (!INVALID_PARAMETER_VALUE.equals(refusal.getSQLState())
        || !String.valueOf(refusal.getMessage()).contains("TimeZone")
        || zone.equals("UTC")) {
      return false;
    }
    log.warn("PostgreSQL does not know the time zone {} of this process, which now uses UTC", zone);
    TimeZone.setDefault(TimeZone.getTimeZone(ZoneOffset.UTC));
    return true;
  }
}
