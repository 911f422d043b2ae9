package dev.fanfare.protocol.worker;

/**
 * Identifies one lease: a run together with the fence of its claim.
 *
 * @param runId the run
 * @param fence the number of the claim; each later claim of the same run has a greater one, and the
 *     server rejects reports under an older fence
 */
public record LeaseRef(String runId, long fence) {}
