package dev.fanfare.protocol.worker;

/**
 * Reports that an attempt began.
 *
 * @param runId the run
 * @param fence the claim it runs under
 * @param attempt the attempt's number
 */
public record Started(String runId, long fence, int attempt) {}
