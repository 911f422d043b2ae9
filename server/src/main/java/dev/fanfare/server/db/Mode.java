package dev.fanfare.server.db;

/** What a transaction may do, which changes of others it sees, and how it is planned. */
enum Mode {
  /** The default of our connections. */
  WRITE("set transaction isolation level read committed, read write", ""),

  /** As {@link #WRITE}, but the commit does not wait for the disk. */
  UNDOABLE(WRITE.isolation, "select set_config('synchronous_commit', 'off', true)"),
  SNAPSHOT("set transaction isolation level repeatable read, read only", ""),
  LIST(
      "set transaction isolation level read committed, read only",
      """
      select set_config('statement_timeout', '5s', true),
             set_config('plan_cache_mode', 'force_custom_plan', true),
             set_config('enable_sort', 'off', true)
      """);

  final String isolation;

  /** A statement that replaces some of the {@link SessionSettings} for one transaction, or none. */
  final String settings;

  /** Whether connections have its isolation by default. */
  boolean isIsolatedByDefault() {
    return isolation.equals(WRITE.isolation);
  }

  Mode(String isolation, String settings) {
    this.isolation = isolation;
    this.settings = settings;
  }
}
