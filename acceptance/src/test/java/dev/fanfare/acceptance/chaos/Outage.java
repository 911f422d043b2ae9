package dev.fanfare.acceptance.chaos;

/** A way in which a database is away for a while. */
enum Outage {
  /** Its processes stand still; connections stay open, and nobody answers. */
  FROZEN,
  /** It was shut down; connections are refused. */
  STOPPED;

  /** Begins the outage. */
  void begin(DatabaseProcess database) throws Exception {
    switch (this) {
      case FROZEN -> database.freeze();
      case STOPPED -> database.stop("INT");
    }
  }

  /** Ends the outage: when it returns, the database is there again. */
  void end(DatabaseProcess database) throws Exception {
    switch (this) {
      case FROZEN -> database.thaw();
      case STOPPED -> database.start();
    }
  }
}
