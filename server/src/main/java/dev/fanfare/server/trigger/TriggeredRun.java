package dev.fanfare.server.trigger;

import java.util.UUID;

/**
 * The result of a trigger.
 *
 * @param runId the run that answers the trigger
 * @param cached whether an older run answers it because it holds the idempotency key
 * @param created whether the trigger created the run; else an older run answers it, by a key, by
 *     debounce or because the request is repeated
 */
public record TriggeredRun(UUID runId, boolean cached, boolean created) {}
