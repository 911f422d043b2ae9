package dev.fanfare.protocol.worker;

import org.jspecify.annotations.Nullable;

/**
 * Requests runs to execute. The numbers let a worker get the runs of a response that was lost.
 *
 * @param slots how many runs the worker can take now; 0 only renews the session
 * @param poll the number of this poll in its session, from 1, each greater than the one before;
 *     absent: the worker does not number its polls
 * @param unanswered the number of the first of the polls just before this one that got no response;
 *     absent: the poll before this one was answered. The server first returns the runs that those
 *     polls claimed, and those polls claim nothing from then on
 * @param held how many runs the worker holds, without those that succeeded and are only to be
 *     reported. The server lets it hold at most {@code heldMax} of its session; absent: it does not
 *     check
 */
public record PollRequest(
    int slots, @Nullable Integer poll, @Nullable Integer unanswered, @Nullable Integer held) {
  /** A poll without a number. */
  public PollRequest(int slots) {
    this(slots, null, null, null);
  }
}
