/**
 * Leases: a session claims runs, its worker starts, finishes, retries or hands them back, and the
 * server cancels them, or reclaims them from a lost worker. Owns {@code leases}, {@code
 * cancellations} and {@code sessions}.
 *
 * <p>Every report of a claimed run names its session and its fence. A statement that finds no such
 * lease changes nothing. Open {@link dev.fanfare.server.lease.ClaimRuns} and {@link
 * dev.fanfare.server.lease.ReportAttempts} first.
 */
@NullMarked
package dev.fanfare.server.lease;

import org.jspecify.annotations.NullMarked;
