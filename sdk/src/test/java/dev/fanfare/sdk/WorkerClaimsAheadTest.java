package dev.fanfare.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.worker.LeaseRef;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A worker with two slots whose attempts are short, and then long. The server does not say how many
 * runs it may hold, unless a test sets it, so it holds at most twice its slots.
 */
@Timeout(60)
class WorkerClaimsAheadTest {
  private static final int SLOTS = 2;

  private final WorkerStandIn server = new WorkerStandIn();
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final Task<RawJson, String> shortTask =
      Task.define("short", RawJson.class, String.class).handler((payload, run) -> "done");
  private final Task<RawJson, String> failingTask =
      Task.define("failing", RawJson.class, String.class)
          .handler((payload, run) -> {
            throw new IllegalStateException("the service is down");
          });
  private final Task<RawJson, String> longTask =
      Task.define("long", RawJson.class, String.class)
          .handler((payload, run) -> {
            goOn.await();
            return "done";
          });

  @AfterEach
  void close() {
    server.close();
  }

  private Worker start() {
    return server.worker(shortTask, failingTask, longTask).slots(SLOTS).start();
  }

  private void executeShort() {
    for (int i = 0; i < 300; i++) {
      server.assign("short", "1");
      server.finished();
    }
  }

  private List<LeaseRef> assignLong() {
    return List.of(
        server.assign("long", "1"),
        server.assign("long", "2"),
        server.assign("long", "3"),
        server.assign("long", "4"),
        server.assign("long", "5"));
  }

  @Test
  void a_worker_that_does_not_know_how_long_attempts_take_claims_what_fits_into_its_slots() {
    List<LeaseRef> runs = assignLong();
    try (Worker worker = start()) {
      assertThat(List.of(server.started().runId(), server.started().runId()))
          .containsExactlyInAnyOrder(runs.get(0).runId(), runs.get(1).runId());
      assertThat(server.unclaimed()).isEqualTo(3);
      goOn.countDown();
      for (int i = 0; i < runs.size(); i++) {
        server.finished();
      }
    }
  }

  @Test
  void what_was_claimed_ahead_goes_back_when_attempts_turn_out_to_be_long() {
    try (Worker worker = start()) {
      executeShort();
      server.holdBack();
      List<LeaseRef> runs = assignLong();
      server.letGo();
      List<LeaseRef> back = List.of(server.returned(), server.returned());
      assertThat(runs).containsAll(back);
      assertThat(server.hasFinished()).isFalse();
      assertThat(server.unclaimed()).isEqualTo(1);
      goOn.countDown();
      for (int i = 0; i < 3; i++) {
        server.finished();
      }
    }
  }

  @Test
  void a_worker_whose_attempts_fail_claims_nothing_ahead() {
    try (Worker worker = start()) {
      executeShort();
      for (int i = 0; i < 100; i++) {
        server.assign("failing", "1");
        server.finished();
      }
      server.holdBack();
      List<String> runs = assignLong().stream().map(LeaseRef::runId).toList();
      server.letGo();
      Set<String> started = new HashSet<>();
      while (started.size() < SLOTS) {
        started.add(server.started().runId());
        started.retainAll(runs); // a slow machine also reports starts of the short ones
      }
      assertThat(server.unclaimed()).isEqualTo(3);
      goOn.countDown();
      for (int i = 0; i < 5; i++) {
        server.finished();
      }
    }
  }

  @Test
  void HBT_12_few_slots_claim_many_short_runs_ahead_if_the_server_allows_it() {
    server.heldMax(12);
    try (Worker worker = start()) {
      executeShort();
      server.holdBack();
      List<LeaseRef> runs = new ArrayList<>();
      for (int i = 0; i < 15; i++) {
        runs.add(server.assign("long", "1"));
      }
      server.letGo();
      for (int i = 0; i < 12 - SLOTS; i++) {
        assertThat(runs).contains(server.returned()); // all but those that take the slots
      }
      assertThat(server.unclaimed()).isEqualTo(3);
      goOn.countDown();
      for (int i = 0; i < SLOTS + 3; i++) {
        server.finished();
      }
    }
  }
}
