package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.ClaimedRun;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Runs that are locked to one version of the workers' code, and the version that a run shows. */
class VersionTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private static TaskDefinition in(String queue, String task) {
    return new TaskDefinition(task, new QueueDefinition(queue, null), null, null, null);
  }

  private void refused(Item item, String message) {
    assertThatThrownBy(() -> tenant.trigger(item))
        .isInstanceOfSatisfying(
            HttpError.class, e -> assertThat(e.response().status()).isEqualTo(422))
        .hasMessage(message);
    assertThatThrownBy(() -> tenant.batch(Item.of("a"), item)).hasMessage("items[1]: " + message);
  }

  @Test
  void TRG_13_a_locked_run_uses_a_queue_of_its_version_and_other_queues_are_refused() {
    tenant.workerOf("1", in("old", "a"), in("side", "b"));
    tenant.workerOf("2", in("new", "a"));
    assertThat(tenant.run(tenant.trigger(Item.of("a"))).queue()).isEqualTo("new");
    assertThat(tenant.run(tenant.trigger(Item.of("a").lockToVersion("1"))).queue())
        .isEqualTo("old");
    assertThat(tenant.run(tenant.trigger(Item.of("a").lockToVersion("1").queue("side"))).queue())
        .isEqualTo("side");

    refused(
        Item.of("a").lockToVersion("1").queue("new"),
        "Specified queue 'new' not found or not associated with locked version '1'.");
    refused(Item.of("b").lockToVersion("2"), "Task 'b' not found on locked version '2'.");
    refused(
        Item.of("a").lockToVersion("3"),
        "Task locked to version '3', but no worker found with that version.");
    assertThat(tenant.count("runs")).isEqualTo(3);
  }

  @Test
  void a_locked_run_is_claimed_only_by_its_version_and_an_unlocked_run_by_any() {
    Worker older = tenant.workerOf("1", Tenant.task("a"));
    Worker newer = tenant.workerOf("2", Tenant.task("a"));
    UUID locked = tenant.trigger(Item.of("a").lockToVersion("1"));
    UUID free = tenant.trigger(Item.of("a"));
    assertThat(newer.claimIds(9)).containsExactly(free);
    assertThat(newer.claimIds(9)).isEmpty();
    assertThat(tenant.status(locked)).isEqualTo(RunStatus.QUEUED);
    ClaimedRun claimed = older.onAnotherServer().claimOne();
    assertThat(claimed.runId()).isEqualTo(locked);
    older.handBack(claimed);
    assertThat(newer.claimIds(9)).isEmpty();
    assertThat(older.claimIds(9)).containsExactly(locked);
  }

  @Test
  void versions_share_the_slots_of_a_queue() {
    Worker older = tenant.workerOf("1", Tenant.limited("a", "q", 1));
    Worker newer = tenant.workerOf("2", Tenant.limited("a", "q", 1));
    UUID first = tenant.trigger(Item.of("a").lockToVersion("1"));
    UUID second = tenant.trigger(Item.of("a").lockToVersion("2"));
    ClaimedRun held = older.claimOne();
    assertThat(held.runId()).isEqualTo(first);
    assertThat(newer.claimIds(9)).isEmpty();
    older.succeed(held, "1");
    assertThat(newer.claimIds(9)).containsExactly(second);
  }

  @Test
  void a_run_shows_the_version_it_is_locked_to_or_the_one_that_executed_it() {
    Worker older = tenant.workerOf("1", Tenant.task("a"));
    Worker newer = tenant.workerOf("2", Tenant.task("a"));
    UUID free = tenant.trigger(Item.of("a"));
    UUID locked = tenant.trigger(Item.of("a").lockToVersion("2"));
    assertThat(shown(free, locked)).containsExactly(null, "2");

    ClaimedRun claimed = older.claimOne();
    assertThat(shown(free, locked)).containsExactly("1", "2");
    older.handBack(claimed);
    assertThat(shown(free, locked)).containsExactly(null, "2");
    newer.claim(2).forEach(run -> newer.succeed(run, "1"));
    assertThat(shown(free, locked)).containsExactly("2", "2");

    UUID canceled = tenant.trigger(Item.of("a"));
    older.claimOne();
    tenant.cancel(canceled);
    older.close();
    assertThat(shown(canceled)).containsExactly("1");
  }

  private Stream<String> shown(UUID... runs) {
    return Stream.of(runs).map(run -> tenant.run(run).version());
  }

  @Test
  void a_version_declared_again_is_stored_once_and_its_workers_may_declare_different_tasks() {
    for (int i = 0; i < 3; i++) {
      tenant.workerOf("1", in("q", "a"));
      tenant.workerOf("1", in("q", "b"));
    }
    assertThat(tenant.count("versions")).isEqualTo(1);
    assertThat(tenant.count("version_tasks")).isEqualTo(2);
    tenant.trigger(Item.of("a").lockToVersion("1"));
    tenant.trigger(Item.of("b").lockToVersion("1"));
    engine.tenant().worker("a");
    refusedElsewhere();
  }

  private void refusedElsewhere() {
    Tenant other = engine.tenant();
    assertThatThrownBy(() -> other.trigger(Item.of("a").lockToVersion("1")))
        .hasMessageStartingWith("Task locked to version '1'");
  }

  @Test
  void of_concurrent_triggers_only_those_locked_to_an_unknown_version_are_refused()
      throws Exception {
    tenant.worker("a");
    List<Boolean> stored =
        Concurrently.call(
            20,
            n -> {
              try {
                tenant.trigger(Item.of("a").lockToVersion(n % 4 == 0 ? "none" : "1"));
                return true;
              } catch (HttpError e) {
                return false;
              }
            });
    assertThat(stored).filteredOn(ok -> ok).hasSize(15);
    assertThat(tenant.count("runs")).isEqualTo(15);
  }
}
