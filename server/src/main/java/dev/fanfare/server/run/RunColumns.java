package dev.fanfare.server.run;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** New runs as parallel arrays, the shape in which a whole batch is one statement. */
final class RunColumns {
  final UUID[] runIds;
  final int[] taskIds;
  final int[] laneIds;
  final long[] ranks;
  final int[] batchIndexes;
  final @Nullable String[] payloads;
  final @Nullable String[] payloadTypes;
  final @Nullable String[] metadatas;
  final @Nullable String[] tags;
  final @Nullable String[] idempotencyKeys;
  final @Nullable Integer[] maxAttempts;
  final @Nullable Long[] maxDurations;
  final @Nullable String[] delayUntils;
  final @Nullable String[] options;
  final @Nullable Long[] ttls;
  final boolean[] tests;

  // Empty when no run has a parent: unnest fills them up with null.
  final @Nullable UUID[] parentIds;
  final @Nullable UUID[] rootIds;
  final @Nullable Integer[] depths;
  final @Nullable Boolean[] resumes;

  RunColumns(List<Minted> runs) {
    int n = runs.size();
    runIds = new UUID[n];
    taskIds = new int[n];
    laneIds = new int[n];
    ranks = new long[n];
    batchIndexes = new int[n];
    payloads = new String[n];
    payloadTypes = new String[n];
    metadatas = new String[n];
    tags = new String[n];
    idempotencyKeys = new String[n];
    maxAttempts = new Integer[n];
    maxDurations = new Long[n];
    delayUntils = new String[n];
    options = new String[n];
    ttls = new Long[n];
    tests = new boolean[n];
    int children = runs.stream().anyMatch(run -> run.lineage() != null) ? n : 0;
    parentIds = new UUID[children];
    rootIds = new UUID[children];
    depths = new Integer[children];
    resumes = new Boolean[children];
    for (int i = 0; i < n; i++) {
      Minted minted = runs.get(i);
      NewRun run = minted.placed().run();
      runIds[i] = minted.runId();
      taskIds[i] = minted.placed().taskId();
      laneIds[i] = minted.placed().laneId();
      ranks[i] = minted.rank();
      batchIndexes[i] = minted.index();
      payloads[i] = run.payload();
      payloadTypes[i] = run.payloadType();
      metadatas[i] = run.metadata();
      tags[i] = arrayLiteral(run.tags());
      idempotencyKeys[i] = run.key() == null ? null : run.key().text();
      maxAttempts[i] = run.maxAttempts();
      maxDurations[i] = millis(run.maxDuration());
      delayUntils[i] = run.delayUntil() == null ? null : run.delayUntil().toString();
      options[i] = run.options();
      ttls[i] = minted.ttl() == null ? null : minted.ttl().toMillis();
      tests[i] = run.test();
      Lineage lineage = minted.lineage();
      if (lineage != null && run.parent() != null) {
        parentIds[i] = lineage.parentId();
        rootIds[i] = lineage.rootId();
        depths[i] = lineage.depth();
        resumes[i] = run.parent().resumes();
      }
    }
  }

  static @Nullable Long millis(@Nullable Duration span) {
    return span == null ? null : span.toMillis();
  }

  /**
   * A run that got its id.
   *
   * @param index its place in the batch
   * @param rank its place in its lane
   * @param ttl how long it may be queued; absent: for ever
   * @param lineage absent: it has no parent
   */
  record Minted(
      UUID runId,
      int index,
      long rank,
      @Nullable Duration ttl,
      PlacedRun placed,
      @Nullable Lineage lineage) {
    /** A run that takes its place in its lane when it is due, as it was {@code now} triggered. */
    static Minted of(
        UUID runId,
        int index,
        @Nullable Duration ttl,
        PlacedRun placed,
        @Nullable Lineage lineage,
        Instant now) {
      Instant due = placed.run().delayUntil();
      Instant queuedAt = due != null && due.isAfter(now) ? due : now;
      long rank =
          ChronoUnit.MICROS.between(Instant.EPOCH, queuedAt)
              - placed.run().priorityMillis() * 1_000
              + index;
      return new Minted(runId, index, rank, ttl, placed, lineage);
    }
  }

  /** PostgreSQL unnests arrays of arrays flat, so a row's own array travels as its literal. */
  static @Nullable String arrayLiteral(List<String> values) {
    if (values.isEmpty()) {
      return null;
    }
    StringBuilder literal = new StringBuilder("{");
    for (String value : values) {
      literal.append(literal.length() == 1 ? "\"" : ",\"");
      literal.append(value.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
    }
    return literal.append('}').toString();
  }
}
