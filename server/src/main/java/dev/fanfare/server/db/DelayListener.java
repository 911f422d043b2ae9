package dev.fanfare.server.db;

import java.time.Instant;

/** Learns when runs will be due that this server has delayed. */
@FunctionalInterface
public interface DelayListener {
  /** A transaction was committed that has delayed runs; the first of them is due then. */
  void delayed(int environmentId, Instant dueAt);
}
