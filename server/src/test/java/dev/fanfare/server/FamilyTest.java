package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.control.MetadataChanges;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.LeaseRef;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import dev.fanfare.server.run.Family;
import dev.fanfare.server.run.Lineage;
import dev.fanfare.server.run.Run;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Runs that are triggered by other runs. */
class FamilyTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private Family family(UUID run) {
    return engine.components.run.readRuns().family(tenant.id(), run, bytes -> {});
  }

  private List<UUID> childrenOf(UUID run) {
    return family(run).children().stream().map(Run::id).toList();
  }

  private UUID child(UUID parent) {
    return tenant.trigger(Item.of("a").parent(parent));
  }

  private void assertCanceled(UUID... runs) {
    for (UUID run : runs) {
      assertThat(tenant.status(run)).isEqualTo(RunStatus.CANCELED);
    }
  }

  @Test
  void a_run_knows_its_parent_root_and_depth_and_a_parent_knows_its_children() {
    UUID root = tenant.trigger(Item.of("a"));
    UUID child = child(root);
    UUID sibling = tenant.trigger(Item.of("b").awaitedBy(root));
    UUID grandchild = child(child);

    assertThat(tenant.run(root).lineage()).isNull();
    assertThat(tenant.run(child).lineage()).isEqualTo(new Lineage(root, root, 1));
    assertThat(tenant.run(grandchild).lineage()).isEqualTo(new Lineage(child, root, 2));
    assertThat(tenant.run(child).resumesParent()).isFalse();
    assertThat(tenant.run(sibling).resumesParent()).isTrue();

    assertThat(childrenOf(root)).containsExactly(child, sibling);
    assertThat(family(root).root()).isNull();
    assertThat(family(root).parent()).isNull();
    assertThat(family(grandchild).root().id()).isEqualTo(root);
    assertThat(family(grandchild).parent().id()).isEqualTo(child);
    assertThat(family(grandchild).children()).isEmpty();
  }

  @Test
  void a_parent_that_does_not_exist_is_ignored() {
    UUID elsewhere = engine.tenant().trigger(Item.of("a"));
    for (UUID missing : Arrays.asList(UUID.randomUUID(), elsewhere, null)) {
      UUID run = tenant.trigger(Item.of("a").awaitedBy(missing));
      assertThat(tenant.run(run).lineage()).isNull();
      assertThat(tenant.run(run).resumesParent()).isFalse();
    }
  }

  @Test
  void items_of_a_batch_get_only_the_parents_that_they_name() {
    UUID one = tenant.trigger(Item.of("a"));
    UUID two = tenant.trigger(Item.of("a").parent(one));
    List<UUID> runs =
        tenant
            .batch(Item.of("a").parent(two), Item.of("a"), Item.of("a").awaitedBy(one))
            .items()
            .stream()
            .map(item -> item.runId())
            .toList();
    assertThat(tenant.run(runs.get(0)).lineage()).isEqualTo(new Lineage(two, one, 2));
    assertThat(tenant.run(runs.get(1)).lineage()).isNull();
    assertThat(tenant.run(runs.get(2)).lineage()).isEqualTo(new Lineage(one, one, 1));
    assertThat(tenant.run(runs.get(2)).resumesParent()).isTrue();
  }

  @Test
  void a_run_found_by_its_idempotency_key_keeps_its_parent() {
    UUID first = tenant.trigger(Item.of("a"));
    UUID second = tenant.trigger(Item.of("a"));
    UUID child = tenant.trigger(Item.of("a").key("k").parent(first));
    assertThat(tenant.trigger(Item.of("a").key("k").parent(second))).isEqualTo(child);
    assertThat(tenant.run(child).lineage()).isEqualTo(new Lineage(first, first, 1));
    assertThat(childrenOf(second)).isEmpty();
  }

  @Test
  void children_are_read_only_up_to_the_size_limit_of_their_metadata() {
    UUID parent = tenant.trigger(Item.of("a"));
    String metadata = "{\"m\":\"" + "x".repeat(250_000) + "\"}";
    Item[] items = new Item[20];
    Arrays.fill(items, Item.of("a").metadata(metadata).parent(parent));
    List<UUID> runs = tenant.batch(items).items().stream().map(item -> item.runId()).toList();
    assertThat(childrenOf(parent)).isEqualTo(runs.subList(0, 4 * 1024 * 1024 / metadata.length()));
  }

  @Test
  void metadata_for_a_parent_that_ended_an_hour_ago_is_dropped_and_the_rest_is_stored() {
    Worker worker = tenant.worker("a");
    UUID root = tenant.trigger(Item.of("a"));
    UUID parent = child(root);
    worker.claim(2).forEach(run -> worker.succeed(run, "1"));
    endedAt(parent, engine.clock.instant().minus(Duration.ofMinutes(61)));
    endedAt(root, engine.clock.instant().minus(Duration.ofMinutes(59)));
    UUID run = child(parent);
    MetadataChanges changes =
        new MetadataChanges(
            old -> Result.of("{}"), old -> Result.of("{\"p\":1}"), old -> Result.of("{\"r\":1}"));
    assertThat(engine.components.control.changeRuns().changeMetadata(tenant.id(), run, changes))
        .isEqualTo(Result.of("{}"));
    assertThat(tenant.run(run).metadata()).isEqualTo("{}");
    assertThat(tenant.run(parent).metadata()).isNull();
    assertThat(tenant.run(root).metadata()).isEqualTo("{\"r\":1}");
    assertThat(engine.components.control.changeRuns().changeMetadata(tenant.id(), parent, changes))
        .isEqualTo(
            Result.refused(Refusal.unprocessable("Cannot update metadata for a completed run")));
  }

  private void endedAt(UUID run, Instant time) {
    engine.database.transaction(
        tenant.id(),
        tx ->
            tx.sql(
                    "update outcomes set finished_at = :time where environment_id = :environment"
                        + " and run_id = :run")
                .bind("time", time)
                .bind("run", run)
                .update());
  }

  @Test
  void BAT_18_the_runs_of_a_batch_execute_even_if_their_parent_has_ended() {
    Worker worker = tenant.worker("a");
    UUID parent = tenant.trigger(Item.of("a"));
    ClaimedRun held = worker.claimOne();
    var batch = tenant.batch(Item.of("a").parent(parent), Item.of("a").parent(parent));
    worker.succeed(held, "1");
    assertThat(tenant.status(parent)).isEqualTo(RunStatus.COMPLETED);
    worker.claim(2).forEach(run -> worker.succeed(run, "2"));
    assertThat(tenant.stored(batch.batchId()).status()).isEqualTo(BatchStatus.COMPLETED);
    assertThat(tenant.finalRuns(batch.batchId()))
        .allSatisfy(run -> assertThat(run.status()).isEqualTo(RunStatus.COMPLETED));
  }

  @Test
  void CAN_04_children_triggered_before_the_worker_learns_of_the_cancel_are_canceled_too() {
    Worker worker = tenant.worker("a");
    UUID parent = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    worker.start(claimed);
    tenant.cancel(parent);
    UUID late = child(parent);
    UUID grandchild = child(late);
    // As if the triggers had begun before the cancel, and not seen it.
    engine.database.transaction(
        tenant.id(),
        tx -> tx.sql("delete from cancellations where environment_id = :environment").update());
    engine.sweep("CancelSweep", tenant.now());
    assertThat(tenant.status(late)).isEqualTo(RunStatus.QUEUED);
    worker.fail(claimed, 1, false);
    engine.sweep("CancelSweep", tenant.now());
    assertCanceled(parent, late, grandchild);
    assertThat(tenant.count("cancellations")).isZero();
  }

  /** No sequence of events is known that leads there, but a sweep must not run in circles. */
  @Test
  void a_child_that_is_in_no_table_holds_up_the_cancel_of_its_siblings_only_for_a_while() {
    UUID parent = tenant.trigger(Item.of("a"));
    UUID broken = child(parent);
    UUID sibling = child(parent);
    engine.database.transaction(
        tenant.id(),
        tx ->
            tx.sql("delete from ready where environment_id = :environment and last_id = :run_id")
                .bind("run_id", broken)
                .update());
    tenant.cancel(parent);
    int sweeps = 0;
    while (tenant.count("cancellations") > 0) {
      engine.sweep("CancelSweep", tenant.now()); // which ends, although a branch is left
      assertThat(sweeps++).isLessThan(1_000);
    }
    assertThat(sweeps).isGreaterThan(100);
    assertCanceled(parent, sibling);
  }

  @Test
  void CAN_04_canceling_a_parent_cancels_its_running_child_and_notifies_the_worker() {
    Worker worker = tenant.worker("a");
    UUID parent = tenant.trigger(Item.of("a"));
    ClaimedRun claimedParent = worker.claimOne();
    worker.start(claimedParent);
    UUID child = child(parent);
    ClaimedRun claimedChild = worker.claimOne();
    worker.start(claimedChild);

    tenant.cancel(parent);
    assertCanceled(parent, child);
    assertThat(worker.heartbeat().canceled())
        .containsExactlyInAnyOrder(
            new LeaseRef(parent, claimedParent.fence()), new LeaseRef(child, claimedChild.fence()));
    worker.fail(claimedChild, 1, true);
    assertCanceled(child);
    assertThat(tenant.run(child).finishedAt()).isNotNull();
    Invariants.check(tenant);
  }

  @Test
  void CAN_04_canceling_a_parent_cancels_its_descendants_in_every_state() {
    Worker worker =
        tenant.worker(
            Tenant.task("a"), Tenant.task("again", new RetryPolicy(3, 60_000, 60_000, 1, false)));
    UUID parent = tenant.trigger(Item.of("a"));
    UUID bystander = tenant.trigger(Item.of("a"));
    worker.claim(2);
    UUID retrying = tenant.trigger(Item.of("again").parent(parent));
    worker.fail(worker.claimOne(), 1, true);
    UUID parked = tenant.trigger(Item.of("nobody").parent(parent));
    assertThat(worker.claim(1)).isEmpty();
    UUID finished = child(parent);
    ClaimedRun claimed = worker.claimOne();
    UUID belowFinished = child(finished);
    worker.succeed(claimed, "1");
    worker.claimOne(); // belowFinished is claimed, but not started
    var batch = tenant.batch(Item.of("a").parent(parent), Item.of("a").parent(parent));
    UUID delayed =
        tenant.trigger(
            Item.of("a").delayUntil(engine.clock.instant().plusSeconds(60)).parent(parked));

    tenant.cancel(parent);
    assertCanceled(parent, retrying, parked, belowFinished, delayed);
    assertThat(tenant.status(finished)).isEqualTo(RunStatus.COMPLETED);
    assertThat(tenant.status(bystander)).isEqualTo(RunStatus.DEQUEUED);
    assertThat(tenant.run(retrying).attempt()).isEqualTo(1);
    assertThat(tenant.stored(batch.batchId()).status()).isEqualTo(BatchStatus.COMPLETED);
    assertThat(worker.claim(10)).isEmpty();
    assertThat(tenant.count("cancellations")).isZero();
    Invariants.check(tenant);
  }

  @Test
  void canceling_a_final_parent_does_not_cancel_its_children() {
    Worker worker = tenant.worker("a");
    UUID parent = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    UUID child = child(parent);
    worker.succeed(claimed, "1");
    tenant.cancel(parent);
    assertThat(tenant.status(parent)).isEqualTo(RunStatus.COMPLETED);
    assertThat(tenant.status(child)).isEqualTo(RunStatus.QUEUED);
  }

  @Test
  void CAN_04_descendants_that_exceed_one_transaction_are_canceled_by_the_sweep() {
    UUID parent = tenant.trigger(Item.of("a"));
    List<UUID> chain = new ArrayList<>(List.of(parent));
    IntStream.range(0, 12).forEach(i -> chain.add(child(chain.getLast())));
    List<UUID> many = tenant.triggerMany(2_500, Item.of("a").parent(chain.get(2)));
    UUID below = child(many.getLast());

    tenant.cancel(parent);
    assertCanceled(parent);
    assertThat(tenant.count("cancellations")).isPositive();
    assertThat(tenant.status(chain.getLast())).isEqualTo(RunStatus.QUEUED);

    engine.sweep("CancelSweep", tenant.now());
    assertCanceled(chain.toArray(UUID[]::new));
    assertCanceled(below);
    assertThat(tenant.count("ready")).isZero();
    assertThat(tenant.count("cancellations")).isZero();
    Invariants.check(tenant);
  }

  @Test
  void CAN_08_a_family_canceled_concurrently_while_it_is_claimed_ends_once() throws Exception {
    Worker worker = tenant.worker("a");
    for (int i = 0; i < 5; i++) {
      UUID parent = tenant.trigger(Item.of("a"));
      Item[] items = new Item[50];
      Arrays.fill(items, Item.of("a").parent(parent));
      List<UUID> children = tenant.batch(items).items().stream().map(item -> item.runId()).toList();
      Concurrently.call(
          8,
          n -> {
            if (n % 4 == 0) {
              worker.claim(20).forEach(worker::handBack);
            } else {
              tenant.cancel(n % 2 == 0 ? parent : children.get(n));
            }
            return n;
          });
      engine.sweep("CancelSweep", tenant.now());
      worker.heartbeat();
      tenant.reclaim(tenant.now().plus(Tenant.NO_START));
      assertCanceled(parent);
      assertCanceled(children.toArray(UUID[]::new));
      assertThat(worker.claim(100)).isEmpty();
      Invariants.check(tenant);
    }
  }

  @Test
  void CAN_04_a_child_that_is_triggered_after_the_cancel_of_its_parent_is_canceled() {
    Worker worker = tenant.worker("a");
    UUID executing = tenant.trigger(Item.of("a"));
    ClaimedRun claimed = worker.claimOne();
    worker.start(claimed);
    UUID queued = tenant.trigger(Item.of("a"));
    tenant.cancel(executing);
    tenant.cancel(queued);
    UUID belowExecuting = child(executing);
    UUID belowQueued = tenant.trigger(Item.of("a").parent(queued).delayUntil(tenant.now()));
    UUID batch = tenant.batch(Item.of("a").parent(executing), Item.of("a")).batchId();
    UUID other = tenant.trigger(Item.of("a"));

    engine.sweep("CancelSweep", tenant.now());

    assertCanceled(belowExecuting, belowQueued, tenant.stored(batch).runIds().getFirst());
    assertThat(tenant.status(other)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.status(tenant.stored(batch).runIds().getLast())).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.count("cancellations")).isZero();
    Invariants.check(tenant);
  }

  @Test
  void a_child_of_a_parent_that_ended_otherwise_is_not_canceled() {
    Worker worker = tenant.worker("a");
    UUID parent = tenant.trigger(Item.of("a"));
    worker.succeed(worker.claimOne(), "1");
    UUID child = child(parent);
    engine.sweep("CancelSweep", tenant.now());
    assertThat(tenant.status(child)).isEqualTo(RunStatus.QUEUED);
  }
}
