package dev.fanfare.server.trigger;

import java.util.UUID;

/**
 * What became of a trigger.
 *
 * @param runId the run that answers it
 * @param cached whether that run was there before, by its idempotency key
 * @param created whether this trigger made it; else it was there before, whatever the reason
 */
public record TriggeredRun(UUID runId, boolean cached, boolean created) {}
