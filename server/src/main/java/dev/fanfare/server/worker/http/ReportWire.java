package dev.fanfare.server.worker.http;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.Surrogates;
import dev.fanfare.protocol.worker.Assignment;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.AttemptRef;
import dev.fanfare.server.lease.AttemptReport;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.LeaseRef;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Converts between the records of the worker protocol and those of the package {@code lease}. */
final class ReportWire {
  private static final String JSON = "application/json";
  private static final int OUTPUT_TYPE_CHARS_MAX = 128;

  /** Longer messages and stack traces are cut. */
  private static final int ERROR_CHARS_MAX = 256 * 1024;

  /** A century. Start times are computed from durations, so a longer one could overflow. */
  private static final long DURATION_MILLIS_MAX = Duration.ofDays(36_525).toMillis();

  /** The maximum number of starts, and of leases to check, in one report. */
  private static final int ENTRIES_MAX = 10_000;

  private final int outputBytesMax;

  ReportWire(int outputBytesMax) {
    this.outputBytesMax = outputBytesMax;
  }

  static Assignment assignment(ClaimedRun run) {
    return new Assignment(
        PublicId.format(PublicId.RUN, run.runId()),
        run.fence(),
        run.lastAttempt() + 1,
        run.maxAttempts(),
        run.maxDuration() == null ? null : run.maxDuration().toMillis(),
        run.task(),
        run.payload(),
        run.payloadType(),
        run.tags(),
        run.metadata(),
        run.batchId() == null ? null : PublicId.format(PublicId.BATCH, run.batchId()),
        run.queue(),
        run.test(),
        run.createdAt());
  }

  AttemptReport report(ReportRequest request) {
    if (request.held() != null && request.held() < 0) {
      throw HttpError.validation("held: must not be negative");
    }
    return new AttemptReport(
        elements("started", atMost("started", request.started())).stream()
            .map(s -> new AttemptRef(runId(s.runId()), fence(s.fence()), attempt(s.attempt())))
            .toList(),
        finishedOnce(elements("finished", request.finished())),
        elements("returned", request.returned()).stream()
            .map(h -> new LeaseRef(runId(h.runId()), fence(h.fence())))
            .distinct()
            .toList(),
        request.held(),
        elements("checked", atMost("checked", request.checked())).stream()
            .map(h -> new LeaseRef(runId(h.runId()), fence(h.fence())))
            .toList());
  }

  /**
   * Each claim once. A worker that sends again after a cut connection may list a claim twice: of
   * its attempts the latest counts, and of entries for one attempt the first.
   */
  private List<AttemptReport.Finished> finishedOnce(List<Finished> finished) {
    Map<LeaseRef, AttemptReport.Finished> byLease = new LinkedHashMap<>();
    for (Finished f : finished) {
      AttemptReport.Finished entry = finished(f);
      byLease.merge(
          new LeaseRef(entry.runId(), entry.fence()),
          entry,
          (before, next) -> next.attempt() > before.attempt() ? next : before);
    }
    return List.copyOf(byLease.values());
  }

  /** An output that cannot be stored fails its run, without affecting the rest of the report. */
  private AttemptReport.Finished finished(Finished f) {
    RunError error = f.error() == null ? null : shortened(f.error());
    boolean retryable = f.retryable();
    if (error != null && error.type() == null) {
      throw HttpError.validation("finished: error.type: is required");
    }
    String output = error == null ? f.output() : null;
    String outputType = error == null ? f.outputType() : null;
    if (output != null) {
      output = Surrogates.escapeLone(output);
      error = outputError(output, outputType);
      if (error != null) {
        output = null;
        outputType = null;
        retryable = false;
      }
    }
    return new AttemptReport.Finished(
        runId(f.runId()),
        fence(f.fence()),
        attempt(f.attempt()),
        Math.clamp(f.durationMillis(), 0, DURATION_MILLIS_MAX),
        output,
        JSON.equals(outputType) ? null : outputType,
        error,
        retryable);
  }

  /** An error whose texts fit into every answer that contains them. */
  private static RunError shortened(RunError error) {
    return new RunError(
        error.type(),
        shortened(error.name()),
        shortened(error.message()),
        shortened(error.stackTrace()),
        shortened(error.raw()),
        shortened(error.code()));
  }

  private static @Nullable String shortened(@Nullable String text) {
    if (text == null || text.length() <= ERROR_CHARS_MAX) {
      return text;
    }
    int end = ERROR_CHARS_MAX - 1;
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }

  /** Returns why an output cannot be stored; {@code null} if it can. */
  private @Nullable RunError outputError(String output, @Nullable String outputType) {
    if (utf8Length(output) > outputBytesMax) { // its end may have been cut
      return outputError("the output has more than the maximum of " + outputBytesMax + " bytes");
    }
    if (output.indexOf(0) >= 0) {
      return outputError("the output contains U+0000 outside of a JSON escape");
    }
    if (outputType != null && !isStorableType(outputType)) {
      return outputError(
          "the output's media type must have at most "
              + OUTPUT_TYPE_CHARS_MAX
              + " characters, without U+0000 and unpaired surrogates");
    }
    return null;
  }

  /** The length of a text without unpaired surrogates; encoding it would take a copy. */
  private static long utf8Length(String text) {
    long bytes = text.length();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        bytes += c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
      }
    }
    return bytes;
  }

  private static boolean isStorableType(String type) {
    return type.length() <= OUTPUT_TYPE_CHARS_MAX
        && type.indexOf(0) < 0
        && !Surrogates.hasLone(type);
  }

  private static RunError outputError(String message) {
    return RunError.internal(RunError.Codes.OUTPUT, message);
  }

  /**
   * 422, for outcomes that the database cannot store. The database does not say which of several it
   * is, so the worker has to part its report.
   */
  static HttpError unstorable(List<AttemptReport.Finished> finished) {
    return new HttpError(
        422,
        finished.size() == 1
            ? "finished: the database cannot store the outcome of "
                + PublicId.format(PublicId.RUN, finished.getFirst().runId())
            : "finished: the database cannot store one of the "
                + finished.size()
                + " outcomes; report them separately");
  }

  static ReportResponse response(AttemptReport.ReportResult result) {
    return new ReportResponse(
        refs(result.lost()),
        result.retries().stream()
            .map(r ->
                new ReportResponse.Retry(
                    PublicId.format(PublicId.RUN, r.runId()),
                    r.fence(),
                    r.attempt(),
                    r.delayMillis()))
            .toList(),
        refs(result.canceled()));
  }

  static List<dev.fanfare.protocol.worker.LeaseRef> refs(List<LeaseRef> leases) {
    return leases.stream()
        .map(r ->
            new dev.fanfare.protocol.worker.LeaseRef(
                PublicId.format(PublicId.RUN, r.runId()), r.fence()))
        .toList();
  }

  private static UUID runId(@Nullable String text) {
    UUID id = text == null ? null : PublicId.parse(PublicId.RUN, text);
    if (id == null) {
      throw HttpError.validation("runId: must be the id of a run");
    }
    return id;
  }

  private static int fence(long fence) {
    if (fence < 1 || fence > Integer.MAX_VALUE) {
      throw HttpError.validation("fence: must be from 1 to " + Integer.MAX_VALUE);
    }
    return (int) fence;
  }

  private static int attempt(int attempt) {
    if (attempt < 1 || attempt > Short.MAX_VALUE) {
      throw HttpError.validation("attempt: must be from 1 to " + Short.MAX_VALUE);
    }
    return attempt;
  }

  private static <T> @Nullable List<T> atMost(String name, @Nullable List<T> list) {
    if (list != null && list.size() > ENTRIES_MAX) {
      throw HttpError.validation(name + ": must have at most " + ENTRIES_MAX + " entries");
    }
    return list;
  }

  private static <T> List<T> elements(String name, @Nullable List<T> list) {
    if (list == null) {
      return List.of();
    }
    if (list.stream().anyMatch(Objects::isNull)) {
      throw HttpError.validation(name + ": must not contain null");
    }
    return list;
  }
}
