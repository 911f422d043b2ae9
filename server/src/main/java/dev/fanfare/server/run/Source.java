package dev.fanfare.server.run;

/** How a run was triggered. */
public enum Source {
  /** By a request to the public API from a client that does not identify itself. */
  API,
  /** By an SDK, or from inside a task. */
  SDK,
  /** By a schedule. */
  SCHEDULE,
  /** By a person in the dashboard. */
  DASHBOARD
}
