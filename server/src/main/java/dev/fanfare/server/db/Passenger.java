package dev.fanfare.server.db;

import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Questions that travel with the looks of {@link DatabaseWatch}, so that they cost no round trip of
 * their own. The thread of the watch calls it.
 */
public interface Passenger {

  /** How long it is until there is the next question; 0 or less: there is one. */
  long nanosUntilNext();

  /** The question for the look that begins now; {@code null} if nothing is to be asked. */
  @Nullable Question next();

  /**
   * A question. It gets no answer if the database is away, or if the query takes long or waits for
   * a lock.
   */
  interface Question {
    /** A query without parameters and without a semicolon, whose columns are never null. */
    String query();

    /** Reads a row of the result. */
    void read(Row row) throws SQLException;

    /**
     * All rows have been read.
     *
     * @param now the time of the query, by the database's clock
     * @param askedNanos the {@link System#nanoTime} at which the query was sent
     */
    void answered(Instant now, long askedNanos);
  }
}
