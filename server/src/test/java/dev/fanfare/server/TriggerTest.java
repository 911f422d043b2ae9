package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.lease.AttemptReport;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.TriggeredRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The life of a single run, from its trigger to its outcome. */
class TriggerTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  @Test
  void TRG_01_a_trigger_without_options_creates_one_queued_run_and_takes_no_slot() {
    tenant.worker("send");
    UUID run = tenant.trigger(Item.of("send"));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.run(run).queue()).isEqualTo("task/send");
    assertThat(tenant.count("runs")).isEqualTo(1);
    assertThat(tenant.count("ready")).isEqualTo(1);
    assertThat(tenant.count("leases")).isZero();
  }

  @Test
  void TRG_02_a_claim_gets_the_run_with_attempt_1_and_takes_one_slot() {
    Worker worker = tenant.worker(Tenant.limited("send", "mail", 5));
    UUID run = tenant.trigger(Item.of("send").payload("{\"to\":1}"));
    ClaimedRun claimed = worker.claimOne();
    assertThat(claimed.runId()).isEqualTo(run);
    assertThat(claimed.lastAttempt() + 1).isEqualTo(1);
    assertThat(claimed.fence()).isEqualTo(1);
    assertThat(claimed.payload()).isEqualTo("{\"to\":1}");
    assertThat(tenant.slotsInUse()).isEqualTo(1);
    assertThat(tenant.count("ready")).isZero();
    assertThat(tenant.status(run)).isEqualTo(RunStatus.DEQUEUED);
  }

  @Test
  void TRG_03_a_claimed_run_that_starts_is_executing_attempt_1() {
    Worker worker = tenant.worker("send");
    UUID run = tenant.trigger(Item.of("send"));
    assertThat(worker.start(worker.claimOne()).lost()).isEmpty();
    assertThat(tenant.status(run)).isEqualTo(RunStatus.EXECUTING);
    assertThat(tenant.run(run).attempt()).isEqualTo(1);
    assertThat(tenant.run(run).startedAt()).isNotNull();
  }

  @Test
  void TRG_04_a_successful_run_keeps_output_and_type_unchanged_and_frees_the_slot() {
    Worker worker = tenant.worker(Tenant.limited("send", "mail", 5));
    UUID run = tenant.trigger(Item.of("send"));
    ClaimedRun claimed = worker.claimOne();
    worker.start(claimed);
    String output = "{\"b\": 1.0,  \"a\":-0}";
    worker.report(
        List.of(),
        List.of(
            new AttemptReport.Finished(
                run, claimed.fence(), 1, 77, output, "application/super+json", null, false)),
        List.of());
    Run ended = tenant.run(run);
    assertThat(ended.status()).isEqualTo(RunStatus.COMPLETED);
    assertThat(ended.output()).isEqualTo(output);
    assertThat(ended.outputType()).isEqualTo("application/super+json");
    assertThat(ended.durationMillis()).isEqualTo(77);
    assertThat(ended.attempt()).isEqualTo(1);
    assertThat(tenant.count("outcomes")).isEqualTo(1);
    assertThat(tenant.slotsInUse()).isZero();
    assertThat(tenant.count("leases")).isZero();
  }

  @Test
  void TRG_05_a_failure_without_retries_left_ends_the_run_with_its_error_and_frees_the_slot() {
    Worker worker = tenant.worker(Tenant.limited("send", "mail", 5));
    UUID run = tenant.trigger(Item.of("send"));
    ClaimedRun claimed = worker.claimOne();
    worker.start(claimed);
    assertThat(worker.fail(claimed, 1, true).retries()).isEmpty();
    Run ended = tenant.run(run);
    assertThat(ended.status()).isEqualTo(RunStatus.FAILED);
    assertThat(ended.error()).contains("no route").contains("java.io.IOException");
    assertThat(tenant.count("outcomes")).isEqualTo(1);
    assertThat(tenant.slotsInUse()).isZero();
  }

  @Test
  void TRG_06_a_run_that_nothing_waits_for_leaves_only_itself_and_its_outcome() {
    Worker worker = tenant.worker("send");
    tenant.trigger(Item.of("send"));
    worker.succeed(worker.claimOne(), "1");
    for (String table : List.of("ready", "delays", "parked", "leases", "batches", "slots")) {
      assertThat(tenant.count(table)).as(table).isZero();
    }
  }

  @Test
  void TRG_07_a_claim_of_five_gets_exactly_five_different_runs() {
    Worker worker = tenant.worker("send");
    List<UUID> runs = tenant.triggerMany(10, Item.of("send"));
    List<UUID> claimed = worker.claimIds(5);
    assertThat(claimed).hasSize(5).doesNotHaveDuplicates().isSubsetOf(runs);
    assertThat(worker.claimIds(50)).hasSize(5).doesNotContainAnyElementsOf(claimed);
  }

  @Test
  void TRG_08_a_run_records_how_it_was_triggered() {
    for (Source source : Source.values()) {
      UUID run = tenant.triggered(Item.of("send"), source).runId();
      assertThat(tenant.run(run).source()).isEqualTo(source);
    }
  }

  @Test
  void TRG_10_a_run_of_an_undeclared_task_is_parked_once_there_is_a_worker() {
    UUID run = tenant.trigger(Item.of("later"));
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.park()).as("without any worker").isZero();
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    UUID declared = tenant.trigger(Item.of("other"));
    Worker worker = tenant.worker("other");
    assertThat(tenant.park()).isEqualTo(1);
    assertThat(worker.claimOne().runId()).isEqualTo(declared);
    assertThat(tenant.status(run)).isEqualTo(RunStatus.PENDING_VERSION);
    assertThat(tenant.count("ready")).isZero();
    assertThat(tenant.count("parked")).isEqualTo(1);
  }

  @Test
  void TRG_11_declaring_a_task_releases_its_parked_runs_in_their_old_order() {
    List<UUID> runs = tenant.triggerMany(2_300, Item.of("later"));
    tenant.worker("other");
    assertThat(tenant.park()).isEqualTo(2_300);
    assertThat(tenant.count("parked")).isEqualTo(2_300);
    Worker worker = tenant.worker("later");
    assertThat(tenant.count("parked")).isZero();
    assertThat(tenant.status(runs.getLast())).isEqualTo(RunStatus.QUEUED);
    List<UUID> claimed = new ArrayList<>();
    for (List<UUID> part = worker.claimIds(500); !part.isEmpty(); part = worker.claimIds(500)) {
      claimed.addAll(part);
    }
    assertThat(claimed).isEqualTo(runs);
  }

  @Test
  void TRG_11_a_sweep_releases_parked_runs_if_a_server_died_right_after_the_declaration() {
    UUID run = tenant.trigger(Item.of("later"));
    tenant.worker("other").claim(10);
    engine.database.transaction(
        tenant.id(),
        tx ->
            tx.sql("update tasks set registered_at = now() where environment_id = :environment")
                .update());
    engine.sweep("ParkedSweep", tenant.now());
    assertThat(tenant.status(run)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.worker("later").claimOne().runId()).isEqualTo(run);
  }

  @Test
  void TRG_14_a_run_may_name_a_queue_that_no_worker_declared() {
    Worker worker = tenant.worker("send");
    UUID run = tenant.trigger(Item.of("send").queue("undeclared"));
    assertThat(tenant.run(run).queue()).isEqualTo("undeclared");
    ClaimedRun claimed = worker.claimOne();
    assertThat(claimed.runId()).isEqualTo(run);
    assertThat(claimed.queue()).isEqualTo("undeclared");
  }

  @Test
  void TRG_16_an_item_that_cannot_become_a_proper_run_is_a_system_failure_without_an_attempt() {
    UUID run =
        tenant.trigger(
            Item.of("send")
                .failure(RunError.internal(RunError.Codes.COULD_NOT_TRIGGER, "no such queue")));
    Run ended = tenant.run(run);
    assertThat(ended.status()).isEqualTo(RunStatus.SYSTEM_FAILURE);
    assertThat(ended.attempt()).isZero();
    assertThat(ended.durationMillis()).isZero();
    assertThat(ended.startedAt()).isNull();
    assertThat(ended.finishedAt()).isNotNull();
    assertThat(ended.error()).contains("no such queue");
    assertThat(tenant.count("outcomes")).isEqualTo(1);
    assertThat(tenant.count("ready")).isZero();
  }

  @Test
  void TRG_19_payload_metadata_output_and_tags_are_returned_character_for_character() {
    String odd =
        "{\"nul\":\"\\u0000\",\"lone\":\"\\ud800\",\"emoji\":\"😀 \\ud83d\\ude00\","
            + "\"big\":9223372036854775807,\"bigger\":123456789012345678901234567890,"
            + "\"zero\":-0,\"exp\":1E400,\"a\":1,\"a\":2, \"space\" : [ ]}";
    Worker worker = tenant.worker("send");
    UUID run =
        tenant.trigger(
            Item.of("send").payload(odd).metadata(odd).tags("a\"b\\c", "ключ", "{x,y}", "😀"));
    ClaimedRun claimed = worker.claimOne();
    assertThat(claimed.payload()).isEqualTo(odd);
    assertThat(claimed.metadata()).isEqualTo(odd);
    assertThat(claimed.tags()).containsExactly("a\"b\\c", "ключ", "{x,y}", "😀");
    worker.succeed(claimed, odd);
    Run ended = tenant.run(run);
    assertThat(ended.payload()).isEqualTo(odd);
    assertThat(ended.metadata()).isEqualTo(odd);
    assertThat(ended.output()).isEqualTo(odd);
    assertThat(ended.tags()).containsExactly("a\"b\\c", "ключ", "{x,y}", "😀");
  }

  @Test
  void TRG_20_a_repeated_request_returns_the_first_run() {
    Hash request = Hash.of("request 1");
    TriggeredRun first = tenant.triggered(Item.of("send"), request);
    TriggeredRun again = tenant.triggered(Item.of("send"), request);
    assertThat(again.runId()).isEqualTo(first.runId());
    assertThat(tenant.count("runs")).isEqualTo(1);
    assertThat(tenant.count("ready")).isEqualTo(1);
    assertThat(engine.tenant().triggered(Item.of("send"), request).runId())
        .isNotEqualTo(first.runId());
  }

  @Test
  void TRG_20_a_request_key_is_free_again_after_an_hour() {
    Hash request = Hash.of("request 1");
    UUID first = tenant.triggered(Item.of("send"), request).runId();
    engine.clock.advance(Duration.ofHours(1).minusSeconds(1));
    assertThat(tenant.triggered(Item.of("send"), request).runId()).isEqualTo(first);
    engine.clock.advance(Duration.ofSeconds(1));
    assertThat(tenant.triggered(Item.of("send"), request).runId()).isNotEqualTo(first);
    engine.sweep("RequestKeySweep", engine.clock.instant().plus(Duration.ofMinutes(59)));
    assertThat(tenant.count("request_keys")).isEqualTo(1);
    engine.sweep("RequestKeySweep", engine.clock.instant().plus(Duration.ofHours(1)));
    assertThat(tenant.count("request_keys")).isZero();
  }
}
