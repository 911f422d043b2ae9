package dev.fanfare.server.run;

import dev.fanfare.protocol.RunStatus;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which runs a list shows: those that pass every filter. An empty list filters nothing.
 *
 * @param statuses any of these
 * @param tasks any of these
 * @param tags any of these
 * @param queues any of these, by name
 * @param versions any of these
 * @param machines any of these
 * @param regions any of these
 * @param nothing whether it asks for what no run has, and so lets none pass
 * @param batchId absent: any or none
 * @param test absent: both
 * @param createdFrom inclusive; absent: since ever
 * @param createdTo inclusive; absent: until now
 */
public record RunFilter(
    List<RunStatus> statuses,
    List<String> tasks,
    List<String> tags,
    List<String> queues,
    List<String> versions,
    List<String> machines,
    List<String> regions,
    boolean nothing,
    @Nullable UUID batchId,
    @Nullable Boolean test,
    @Nullable Instant createdFrom,
    @Nullable Instant createdTo) {}
