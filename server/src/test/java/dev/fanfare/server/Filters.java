package dev.fanfare.server;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.run.RunFilter;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** Filters of lists with the conditions that matter to a test. */
public final class Filters {
  private List<RunStatus> statuses = List.of();
  private List<String> tasks = List.of();
  private List<String> tags = List.of();
  private List<String> queues = List.of();
  private List<String> versions = List.of();
  private List<String> machines = List.of();
  private List<String> regions = List.of();
  private UUID batchId;
  private Boolean test;
  private Instant createdFrom;
  private Instant createdTo;

  public Filters statuses(List<RunStatus> values) {
    statuses = values;
    return this;
  }

  public Filters tasks(List<String> values) {
    tasks = values;
    return this;
  }

  public Filters tags(List<String> values) {
    tags = values;
    return this;
  }

  public Filters queues(List<String> values) {
    queues = values;
    return this;
  }

  public Filters versions(List<String> values) {
    versions = values;
    return this;
  }

  public Filters machines(List<String> values) {
    machines = values;
    return this;
  }

  public Filters regions(List<String> values) {
    regions = values;
    return this;
  }

  public Filters batch(UUID id) {
    batchId = id;
    return this;
  }

  public Filters test(boolean value) {
    test = value;
    return this;
  }

  public Filters createdFrom(Instant time) {
    createdFrom = time;
    return this;
  }

  public Filters createdTo(Instant time) {
    createdTo = time;
    return this;
  }

  public RunFilter toFilter() {
    return new RunFilter(
        statuses,
        tasks,
        tags,
        queues,
        versions,
        machines,
        regions,
        false,
        batchId,
        test,
        createdFrom,
        createdTo);
  }
}
