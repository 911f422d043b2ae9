/**
 * Tests of processes that die, stop responding, or are stopped in the middle of their work.
 *
 * <p>Open {@link dev.fanfare.acceptance.chaos.KilledProcessesTest} first: it kills real servers,
 * workers and databases by their process ids. {@link dev.fanfare.acceptance.chaos.LeaseHistory}
 * proves that every run ended once and had one holder at a time.
 */
package dev.fanfare.acceptance.chaos;
