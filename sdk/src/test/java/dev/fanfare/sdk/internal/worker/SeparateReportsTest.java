package dev.fanfare.sdk.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.sdk.StandInServer;
import dev.fanfare.sdk.StandInServer.Answer;
import dev.fanfare.sdk.internal.Transport;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SeparateReportsTest {
  private static final String FINE =
      WireJson.mapper().writeValueAsString(new ReportResponse(List.of(), List.of(), List.of()));

  private final List<Finished> accepted = new CopyOnWriteArrayList<>();
  private final AtomicInteger tries = new AtomicInteger();

  private static Finished end(int number) {
    return new Finished("run_" + number, 1, 1, 0, "" + number, null, null, true, false);
  }

  private StandInServer server(int status) {
    return new StandInServer(request -> {
      ReportRequest report = WireJson.mapper().readValue(request.body(), ReportRequest.class);
      if (report.finished().stream().anyMatch(end -> "13".equals(end.output()))) {
        tries.incrementAndGet();
        return status == 0 ? Answer.lost() : Answer.error(status, "of no use");
      }
      accepted.addAll(report.finished());
      return Answer.ok(FINE);
    });
  }

  private static SeparateReports reports(StandInServer server, SeparateReports.TriesMax triesMax) {
    Transport transport =
        new Transport(
            URI.create(server.url()),
            "tr_dev_secret",
            Duration.ofSeconds(5),
            1,
            Duration.ofSeconds(30));
    Session session =
        new Session(new SessionResponse("session_1", 30_000, 10_000, null), new Slots(1));
    return new SeparateReports(
        new ReportSender(new WorkerCalls(transport), session), session, triesMax);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 400, 408, 413, 422, 429, 500, 502, 503})
  void an_outcome_that_never_gets_through_is_parted_and_reported_as_failed(int status)
      throws Exception {
    try (StandInServer server = server(status)) {
      SeparateReports reports = reports(server, new SeparateReports.TriesMax(3, 4, 5));
      reports.addFailed(
          new ReportRequest(
              List.of(), IntStream.range(0, 20).mapToObj(i -> end(i)).toList(), List.of()));
      reports.awaitDelivered();
      reports.close();
      assertThat(accepted).extracting(Finished::runId).doesNotHaveDuplicates().hasSize(20);
      List<Finished> failed = accepted.stream().filter(end -> end.error() != null).toList();
      assertThat(failed).extracting(Finished::runId).containsExactly("run_13");
      assertThat(failed.getFirst().error().code()).isEqualTo(RunError.Codes.OUTPUT);
      assertThat(failed.getFirst().error().message())
          .contains("2 characters")
          .contains(status == 0 ? "No response" : "of no use");
      assertThat(failed.getFirst().retryable()).isFalse();
    }
  }

  /** While nothing gets through, the server is away, and no outcome is to blame. */
  @Test
  void an_outcome_is_not_given_up_while_the_server_is_away() throws Exception {
    AtomicInteger errors = new AtomicInteger();
    try (StandInServer server =
        new StandInServer(request -> {
          if (errors.incrementAndGet() <= 8) {
            return Answer.error(502, "away");
          }
          ReportRequest report = WireJson.mapper().readValue(request.body(), ReportRequest.class);
          accepted.addAll(report.finished());
          return Answer.ok(FINE);
        })) {
      SeparateReports reports = reports(server, new SeparateReports.TriesMax(1, 1, 1));
      reports.add(new ReportRequest(List.of(), List.of(end(1)), List.of()));
      reports.awaitDelivered();
      reports.close();
      assertThat(accepted).containsExactly(end(1));
    }
  }
}
