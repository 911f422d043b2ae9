/**
 * Tests of processes that die, stop responding, or are stopped in the middle of their work.
 *
 * <p>{@link dev.fanfare.acceptance.chaos.ChaosTest} breaks a whole deployment at random, again and
 * again, and checks all promises; {@link dev.fanfare.acceptance.chaos.KilledAfterResponseTest}
 * kills processes at the moment at which a trigger is acknowledged; the other tests each show one
 * fault in detail.
 *
 * <p>Of these, open {@link dev.fanfare.acceptance.chaos.KilledProcessesTest} first: it kills real
 * servers, workers and databases by their process ids. {@link
 * dev.fanfare.acceptance.chaos.LeaseHistory} proves that every run ended once and had one holder at
 * a time.
 */
package dev.fanfare.acceptance.chaos;
