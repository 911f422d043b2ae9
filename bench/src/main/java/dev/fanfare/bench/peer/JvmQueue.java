package dev.fanfare.bench.peer;

import java.util.List;

/** A peer's library in a child process, as {@link QueueLines} uses it. */
interface JvmQueue {
  /** Stores one batch of jobs whose handlers do nothing but call {@link Handled#one}. */
  void store(List<Payload> batch) throws Exception;

  /** Stores one job whose handler calls {@link Handled#since} with this time. */
  void trigger(long nowMicros) throws Exception;

  /** Starts a worker that executes up to this many jobs at the same time. */
  void start(int inFlight) throws Exception;

  /** Stops the worker, if there is one. */
  void stop() throws Exception;
}
