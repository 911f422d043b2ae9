package dev.fanfare.server.lease;

import java.util.UUID;

/**
 * Names one lease of a run. The run alone is not enough: it may have been lost and claimed again.
 *
 * @param fence the number of the claim; a later claim of the same run has a greater one
 */
public record LeaseRef(UUID runId, int fence) {}
