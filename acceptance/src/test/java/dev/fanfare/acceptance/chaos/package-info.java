/**
 * What is left when processes die, stop answering or are told to end in the middle of their work.
 *
 * <p>Open {@link dev.fanfare.acceptance.chaos.KilledProcessesTest} first: real servers, workers and
 * databases, killed by their process ids. {@link dev.fanfare.acceptance.chaos.LeaseHistory} is how
 * it proves that every run ended once and had one holder at a time.
 */
package dev.fanfare.acceptance.chaos;
