package dev.fanfare.protocol.worker;

/**
 * Names one claim of a run.
 *
 * @param runId the run
 * @param fence the number of the claim; a later claim of the same run has a greater one, and a
 *     report under a smaller one is refused
 */
public record Held(String runId, long fence) {}
