/**
 * A run in a worker's hands: claimed under a lease with a fence, started, finished, retried, handed
 * back, canceled, or reclaimed when its worker is lost. Owns {@code leases} and {@code
 * cancellations}.
 *
 * <p>The law of this room: every change of a held run says which session and which fence it is made
 * under, and a statement that finds no such lease changes nothing. Open {@link
 * dev.fanfare.server.lease.ClaimRuns} and {@link dev.fanfare.server.lease.ReportAttempts} first.
 */
@NullMarked
package dev.fanfare.server.lease;

import org.jspecify.annotations.NullMarked;
