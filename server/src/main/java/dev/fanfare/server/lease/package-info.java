/**
 * A run in a worker's hands: claimed under a lease with a fence, started, finished, retried, handed
 * back, canceled, or reclaimed when its worker is lost. Owns {@code leases}, {@code cancellations}
 * and {@code sessions}.
 *
 * <p>The law of this room: every change of a held run names the session and the fence under which
 * it is made, and a statement that finds no such lease changes nothing. Open {@link
 * dev.fanfare.server.lease.ClaimRuns} and {@link dev.fanfare.server.lease.ReportAttempts} first.
 */
@NullMarked
package dev.fanfare.server.lease;

import org.jspecify.annotations.NullMarked;
