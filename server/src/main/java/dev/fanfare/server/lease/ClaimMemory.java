package dev.fanfare.server.lease;

/** The memory of a poll for the texts of the runs that it claims, until its response is sent. */
public interface ClaimMemory {
  /** Whether there is none left at the moment: then the poll must not claim anything. */
  boolean isSpent();

  /** Takes memory for texts that were read. It never refuses. */
  void hold(long chars);
}
