package dev.fanfare.bench;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** The requests that read stored runs: lists with each filter and with pairs of them, and gets. */
final class StoredReads {
  /** The path of a request, with random values. */
  @FunctionalInterface
  interface Path {
    String next() throws SQLException;
  }

  /**
   * A kind of request.
   *
   * @param isPaged whether it is a list with so many results that it has many pages
   */
  record Read(String name, Path path, boolean isPaged) {}

  private static final String NONE = "no-such-value";
  private static final List<String> FREQUENT =
      IntStream.range(0, 10).mapToObj(StoredTasks::slug).toList();

  private final List<Read> reads = new ArrayList<>();
  private final StoredValues values;

  private StoredReads(StoredValues values) {
    this.values = values;
  }

  static List<Read> all(StoredValues values) {
    StoredReads all = new StoredReads(values);
    all.paged();
    all.addStatuses();
    all.addAttributes();
    all.addTimes();
    all.addPairs();
    all.addGets();
    return List.copyOf(all.reads);
  }

  private void paged() {
    reads.add(new Read("no filter", () -> list(), true));
    reads.add(new Read("status COMPLETED", () -> list("status", "COMPLETED"), true));
    reads.add(new Read("status FAILED", () -> list("status", "FAILED"), true));
    reads.add(new Read("status QUEUED", () -> list("status", "QUEUED"), true));
    reads.add(new Read("task, frequent", () -> list("taskIdentifier", frequentTask()), true));
    reads.add(new Read("tag, frequent", () -> list("tag", kind()), true));
    reads.add(
        new Read("tag, and status FAILED", () -> list("tag", kind(), "status", "FAILED"), true));
  }

  private void addStatuses() {
    for (String status :
        List.of(
            "CANCELED",
            "CRASHED",
            "EXPIRED",
            "TIMED_OUT",
            "DELAYED",
            "EXECUTING",
            "PENDING_VERSION",
            StoredRuns.RARE_STATUS)) {
      add("status " + status, "status", () -> status);
    }
    add("3 statuses", "status", () -> "FAILED,CANCELED,CRASHED");
  }

  private void addAttributes() {
    add("task, rare and old", "taskIdentifier", () -> StoredTasks.RARE);
    add("task, unknown", "taskIdentifier", () -> NONE);
    add(
        "3 tasks",
        "taskIdentifier",
        () -> frequentTask() + "," + frequentTask() + "," + StoredTasks.RARE);
    add("tag, of few runs", "tag", this::user);
    add("tag, rare and old", "tag", () -> StoredRuns.RARE_TAG);
    add("tag, unknown", "tag", () -> NONE);
    add("4 tags", "tag", () -> user() + "," + user() + "," + user() + "," + kind());
    add("batch", "batch", values::batch);
    add("queue, of a task", "queue", () -> "task/" + frequentTask());
    add("queue, shared", "queue", () -> "shared-" + values.number(3));
    add("queue, unknown", "queue", () -> NONE);
    add("version", "version", () -> values.one(StoredTasks.VERSIONS));
    add("version, old", "version", () -> StoredTasks.VERSIONS.getFirst());
    add("version, unknown", "version", () -> NONE);
    add("tests", "isTest", () -> "true");
    add("no tests", "isTest", () -> "false");
    add("machine, frequent", "machine", () -> "small-2x");
    add("machine, less frequent", "machine", () -> "large-1x");
    add("machine, unused", "machine", () -> "micro");
    add("region", "region", () -> values.one(List.of("eu", "us")));
    add("region, unknown", "region", () -> NONE);
  }

  private void addTimes() {
    add("period of an hour", "createdAt][period", () -> "1h");
    add("period of 7 days", "createdAt][period", () -> "7d");
    add("created from", "createdAt][from", () -> millis(values.time(Duration.ZERO)));
    add("created to", "createdAt][to", () -> millis(values.time(Duration.ZERO)));
    reads.add(new Read("created in an hour", () -> withinHour(), false));
  }

  private void addPairs() {
    pair(
        "task and status FAILED", () -> list("taskIdentifier", frequentTask(), "status", "FAILED"));
    pair(
        "task and status QUEUED", () -> list("taskIdentifier", frequentTask(), "status", "QUEUED"));
    pair(
        "task and status DELAYED",
        () -> list("taskIdentifier", frequentTask(), "status", "DELAYED"));
    pair(
        "task and rare status",
        () -> list("taskIdentifier", frequentTask(), "status", StoredRuns.RARE_STATUS));
    pair(
        "rare task and status COMPLETED",
        () -> list("taskIdentifier", StoredTasks.RARE, "status", "COMPLETED"));
    pair("rare task and a tag", () -> list("taskIdentifier", StoredTasks.RARE, "tag", kind()));
    pair("task and tag", () -> list("taskIdentifier", frequentTask(), "tag", kind()));
    pair("task and tag of few runs", () -> list("taskIdentifier", frequentTask(), "tag", user()));
    pair(
        "task and queue of another",
        () -> list("taskIdentifier", StoredTasks.slug(1), "queue", "task/" + StoredTasks.slug(2)));
    pair(
        "task and a queue of it",
        () -> list("taskIdentifier", StoredTasks.slug(1), "queue", "shared-1"));
    pair("task, created in an hour", () -> withinHour("taskIdentifier", frequentTask()));
    pair("status FAILED, created in an hour", () -> withinHour("status", "FAILED"));
    pair(
        "status QUEUED, created to",
        () -> list("status", "QUEUED", "createdAt][to", millis(values.time(Duration.ZERO))));
    pair("status COMPLETED, created in an hour", () -> withinHour("status", "COMPLETED"));
    pair(
        "rare status, period of a day",
        () -> list("status", StoredRuns.RARE_STATUS, "createdAt][period", "1d"));
    pair("tag and status COMPLETED", () -> list("tag", kind(), "status", "COMPLETED"));
    pair("tag of few runs and status FAILED", () -> list("tag", user(), "status", "FAILED"));
    pair("tag, period of a day", () -> list("tag", kind(), "createdAt][period", "1d"));
    pair("batch and status FAILED", () -> list("batch", values.batch(), "status", "FAILED"));
    pair("tests and status FAILED", () -> list("isTest", "true", "status", "FAILED"));
    pair("tests and task", () -> list("isTest", "true", "taskIdentifier", frequentTask()));
    pair("tests and status QUEUED", () -> list("isTest", "true", "status", "QUEUED"));
    pair(
        "version and status CRASHED",
        () -> list("version", values.one(StoredTasks.VERSIONS), "status", "CRASHED"));
    pair(
        "old version, period of a day",
        () -> list("version", StoredTasks.VERSIONS.getFirst(), "createdAt][period", "1d"));
    pair(
        "old version and frequent task",
        () -> list("version", StoredTasks.VERSIONS.getFirst(), "taskIdentifier", frequentTask()));
    pair("machine and region", () -> list("machine", "large-1x", "region", "us"));
    pair("machine and status CANCELED", () -> list("machine", "small-2x", "status", "CANCELED"));
    pair("region and tag", () -> list("region", "eu", "tag", kind()));
    pair(
        "queue and status TIMED_OUT",
        () -> list("queue", "shared-" + values.number(3), "status", "TIMED_OUT"));
  }

  private void addGets() {
    pair("get of a run", () -> "/api/v3/runs/" + values.run());
    pair("get of a queued run", () -> "/api/v3/runs/" + values.queuedRun());
    pair("get of a run with 3 children", () -> "/api/v3/runs/" + values.parent());
    pair("get of a run with 999 children", () -> "/api/v3/runs/" + values.largeParent());
    pair("get of a batch, v1", () -> "/api/v1/batches/" + values.batch());
    pair("get of a batch, v2", () -> "/api/v2/batches/" + values.batch());
    pair("results of a batch of 1,000", () -> "/api/v1/batches/" + values.batch() + "/results");
  }

  private void add(String name, String filter, Path value) {
    pair(name, () -> list(filter, value.next()));
  }

  private void pair(String name, Path path) {
    reads.add(new Read(name, path, false));
  }

  private String frequentTask() {
    return values.one(FREQUENT);
  }

  private String kind() {
    return "kind:" + values.number(10);
  }

  private String user() {
    return "user:" + values.number(StoredRuns.USERS);
  }

  private static String millis(Instant time) {
    return String.valueOf(time.toEpochMilli());
  }

  private String withinHour(String... more) {
    Instant from = values.time(Duration.ofHours(1));
    List<String> filters = new ArrayList<>(List.of(more));
    filters.addAll(
        List.of("createdAt][from", millis(from), "createdAt][to", millis(from.plusSeconds(3_600))));
    return list(filters.toArray(String[]::new));
  }

  /** A list with filters, each given by its name and its value. */
  private static String list(String... filters) {
    StringBuilder path = new StringBuilder("/api/v1/runs?page[size]=25");
    for (int i = 0; i < filters.length; i += 2) {
      path.append("&filter[").append(filters[i]).append("]=");
      path.append(URLEncoder.encode(filters[i + 1], StandardCharsets.UTF_8));
    }
    return encode(path.toString());
  }

  private static String encode(String path) {
    return path.replace("[", "%5B").replace("]", "%5D");
  }

  /** The path of the next or previous page of a list. */
  static String page(String list, String side, String cursor) {
    return list + encode("&page[" + side + "]=" + cursor);
  }
}
