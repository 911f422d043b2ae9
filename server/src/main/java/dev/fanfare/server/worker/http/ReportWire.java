package dev.fanfare.server.worker.http;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.Assignment;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.AttemptRef;
import dev.fanfare.server.lease.AttemptReport;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.LeaseRef;
import dev.fanfare.server.text.Surrogates;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Between the wire's records and the room {@code lease}. */
final class ReportWire {
  private static final String JSON = "application/json";
  private static final int OUTPUT_TYPE_CHARS_MAX = 128;

  /** A century: what a worker says beyond it is nonsense, and no time to count back from now. */
  private static final long DURATION_MILLIS_MAX = Duration.ofDays(36_525).toMillis();

  private final int outputBytesMax;

  ReportWire(int outputBytesMax) {
    this.outputBytesMax = outputBytesMax;
  }

  static Assignment assignment(ClaimedRun run) {
    return new Assignment(
        PublicId.format(PublicId.RUN, run.runId()),
        run.fence(),
        run.attempt() + 1,
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
    return new AttemptReport(
        elements("started", request.started()).stream()
            .map(s -> new AttemptRef(runId(s.runId()), fence(s.fence()), attempt(s.attempt())))
            .toList(),
        finishedOnce(elements("finished", request.finished())),
        elements("returned", request.returned()).stream()
            .map(h -> new LeaseRef(runId(h.runId()), fence(h.fence())))
            .toList());
  }

  /** One report ends a run once: the next attempt begins with the answer to it. */
  private List<AttemptReport.Finished> finishedOnce(List<Finished> finished) {
    Set<String> runIds = new HashSet<>();
    for (Finished f : finished) {
      if (!runIds.add(f.runId())) {
        throw HttpError.validation("finished: " + f.runId() + " is there twice");
      }
    }
    return finished.stream().map(this::finished).toList();
  }

  /** An output that cannot be stored fails its run, and no other run of the report. */
  private AttemptReport.Finished finished(Finished f) {
    RunError error = f.error();
    if (error != null && error.type() == null) {
      throw HttpError.validation("finished: error.type: is required");
    }
    String output = error == null ? f.output() : null;
    String outputType = error == null ? f.outputType() : null;
    boolean retryable = f.retryable();
    if (output != null) {
      output = Surrogates.escaped(output);
      long bytes = output.getBytes(StandardCharsets.UTF_8).length;
      if (bytes > outputBytesMax) {
        error = outputError("the output has " + bytes + " bytes, the maximum is " + outputBytesMax);
      } else if (output.indexOf(0) >= 0) {
        error = outputError("the output contains U+0000 outside of a JSON escape");
      } else if (outputType != null && !isStorableType(outputType)) {
        error =
            outputError(
                "the output's media type must be a text of at most "
                    + OUTPUT_TYPE_CHARS_MAX
                    + " characters");
      }
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

  private static boolean isStorableType(String type) {
    return type.length() <= OUTPUT_TYPE_CHARS_MAX && type.indexOf(0) < 0 && !Surrogates.any(type);
  }

  private static RunError outputError(String message) {
    return RunError.internal("TASK_OUTPUT_ERROR", message);
  }

  static ReportResponse response(AttemptReport.ReportResult verdict) {
    return new ReportResponse(
        refs(verdict.lost()),
        verdict.retries().stream()
            .map(r ->
                new ReportResponse.Retry(
                    PublicId.format(PublicId.RUN, r.runId()),
                    r.fence(),
                    r.attempt(),
                    r.delayMillis()))
            .toList(),
        refs(verdict.canceled()));
  }

  static List<dev.fanfare.protocol.worker.LeaseRef> refs(List<LeaseRef> runs) {
    return runs.stream()
        .map(r ->
            new dev.fanfare.protocol.worker.LeaseRef(
                PublicId.format(PublicId.RUN, r.runId()), r.fence()))
        .toList();
  }

  private static UUID runId(@Nullable String text) {
    UUID id = text == null ? null : PublicId.parse(PublicId.RUN, text);
    if (id == null) {
      throw HttpError.validation("runId: is not the id of a run");
    }
    return id;
  }

  private static int fence(long fence) {
    if (fence < 1 || fence > Integer.MAX_VALUE) {
      throw HttpError.validation("fence: is out of range");
    }
    return (int) fence;
  }

  private static int attempt(int attempt) {
    if (attempt < 1 || attempt > Short.MAX_VALUE) {
      throw HttpError.validation("attempt: is out of range");
    }
    return attempt;
  }

  private static <T> List<T> elements(String name, @Nullable List<T> list) {
    if (list == null) {
      return List.of();
    }
    if (list.stream().anyMatch(Objects::isNull)) {
      throw HttpError.validation(name + ": must not hold null");
    }
    return list;
  }
}
