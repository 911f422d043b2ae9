package dev.fanfare.server.lease;

import java.util.UUID;

/**
 * Identifies one lease. The run alone does not: it may have been lost and claimed again.
 *
 * @param fence the number of the claim; later claims of the run have greater ones
 */
public record LeaseRef(UUID runId, int fence) {}
