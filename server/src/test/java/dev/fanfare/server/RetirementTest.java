package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.run.ListRuns.Page;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.RunFilter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tasks, queues and versions that nobody uses any more go away, and nothing else. */
@Timeout(120)
class RetirementTest {
  private static final List<String> TABLES =
      List.of("tasks", "queues", "versions", "task_queues", "version_tasks");

  private static final Duration A_DAY = Duration.ofDays(1).plusSeconds(1);
  private static final Duration A_MONTH = Duration.ofDays(30).plusSeconds(1);

  /** The lane, then what it keeps, with a day between the mark and the deletion of each. */
  private static final int DAYS = 5;

  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private Duration passed = Duration.ZERO;

  private void pass(Duration time) {
    passed = passed.plus(time);
    engine.sweep("LaneSweep", tenant.now().plus(passed));
    engine.sweep("SlotSweep", tenant.now().plus(passed));
    retire();
  }

  private void retire() {
    engine.sweep("RetireSweep", tenant.now().plus(passed));
  }

  private void passDays() {
    for (int day = 0; day < DAYS; day++) {
      pass(A_DAY);
    }
  }

  private void passMonths(int months) {
    for (int month = 0; month < months; month++) {
      pass(A_MONTH);
      passDays();
    }
  }

  private Map<String, Integer> counts() {
    Map<String, Integer> counts = new TreeMap<>();
    TABLES.forEach(table -> counts.put(table, tenant.count(table)));
    return counts;
  }

  private void executeHere(String sql) {
    engine.database.transaction(tenant.id(), tx -> tx.sql(sql).update());
  }

  /** Final runs are gone, as if their partitions had been dropped. */
  private void forgetFinalRuns() {
    executeHere(
        """
        with gone as (
          delete from outcomes where environment_id = :environment returning run_id
        )
        delete from runs
         where environment_id = :environment
           and run_id in (select run_id from gone)
        """);
  }

  /** The runs that a list with this filter shows. */
  private List<UUID> listed(RunFilter filter) {
    Page page =
        engine
            .components
            .run
            .listRuns()
            .page(tenant.id(), filter, 100, null, null, bytes -> {})
            .orElseThrow(HttpError::of);
    return page.runs().stream().map(Run::id).toList();
  }

  private static RunFilter task(String slug) {
    return new Filters().tasks(List.of(slug)).toFilter();
  }

  private static RunFilter queue(String name) {
    return new Filters().queues(List.of(name)).toFilter();
  }

  private static RunFilter version(String name) {
    return new Filters().versions(List.of(name)).toFilter();
  }

  /** A worker of version 7 that executed a run of task "a", and is gone. */
  private UUID usedOnce() {
    Worker worker = tenant.workerOf("7", Tenant.limited("a", "q", 5));
    tenant.trigger(Item.of("a").concurrencyKey("k").lockToVersion("7"));
    tenant.trigger(Item.of("a").queue("elsewhere"));
    UUID last = tenant.trigger(Item.of("a"));
    worker.claim(9).forEach(run -> worker.succeed(run, "1"));
    worker.close();
    return last;
  }

  @Test
  void what_nobody_uses_is_gone_a_few_days_after_its_runs_and_two_months_after_its_workers() {
    tenant.trigger(Item.of("never declared"));
    tenant.cancel(tenant.trigger(Item.of("never declared").queue("elsewhere")));
    usedOnce();
    passMonths(5);
    assertThat(counts())
        .as("the runs keep everything")
        .isEqualTo(
            Map.of("tasks", 2, "queues", 3, "versions", 1, "task_queues", 5, "version_tasks", 1));
    tenant.worker("never declared").close();
    executeHere("delete from ready where environment_id = :environment");
    executeHere("delete from runs where environment_id = :environment");
    executeHere("delete from outcomes where environment_id = :environment");
    passDays();
    assertThat(counts())
        .as("workers declared two tasks, the first five months ago")
        .isEqualTo(
            Map.of("tasks", 2, "queues", 2, "versions", 2, "task_queues", 0, "version_tasks", 2));
    passMonths(3);
    assertThat(counts().values()).as(counts().toString()).containsOnly(0);
  }

  @Test
  void a_retired_task_is_triggered_again_by_a_server_that_knew_it() {
    usedOnce();
    forgetFinalRuns();
    passMonths(4);
    assertThat(counts().values()).as(counts().toString()).containsOnly(0);

    UUID queued = tenant.trigger(Item.of("a").concurrencyKey("k"));
    UUID batched = tenant.batch(Item.of("a").queue("q")).items().getFirst().runId();
    assertThat(tenant.status(queued)).isEqualTo(RunStatus.QUEUED);
    assertThat(tenant.run(queued).queue()).isEqualTo("task/a");
    Worker worker = tenant.workerOf("7", Tenant.limited("a", "q", 5));
    UUID locked = tenant.trigger(Item.of("a").lockToVersion("7"));
    List<ClaimedRun> claimed = worker.claim(9);
    assertThat(claimed)
        .extracting(ClaimedRun::runId)
        .containsExactlyInAnyOrder(queued, batched, locked);
    claimed.forEach(run -> worker.succeed(run, "1"));
    assertThat(listed(task("a"))).containsExactly(locked, batched, queued);
    assertThat(listed(queue("q"))).containsExactly(locked, batched);
    assertThat(listed(version("7"))).containsExactly(locked, batched, queued);
  }

  @Test
  void lists_and_locks_that_name_what_was_retired_find_nothing() {
    usedOnce();
    forgetFinalRuns();
    passMonths(4);
    UUID other = tenant.trigger(Item.of("b"));
    assertThat(listed(new Filters().toFilter())).containsExactly(other);
    assertThat(listed(task("a"))).isEmpty();
    assertThat(listed(queue("q"))).isEmpty();
    assertThat(listed(version("7"))).isEmpty();
    assertThatThrownBy(() -> tenant.trigger(Item.of("b").lockToVersion("7")))
        .hasMessage("Task locked to version '7', but no worker found with that version.");
  }

  @Test
  void a_final_run_keeps_what_it_shows() {
    UUID run = usedOnce();
    Run before = tenant.run(run);
    passMonths(5);
    assertThat(tenant.count("lanes")).isZero();
    assertThat(tenant.run(run)).isEqualTo(before);
    assertThat(before.version()).isEqualTo("7");
    assertThat(listed(task("a"))).hasSize(3).contains(run);
    assertThat(listed(queue("q"))).hasSize(2).contains(run);
    assertThat(listed(version("7"))).hasSize(3).contains(run);
    forgetFinalRuns();
    assertThat(listed(task("a"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ready", "delays", "parked", "leases"})
  void a_run_that_is_not_final_keeps_its_version_task_and_queue(String place) {
    Worker first = tenant.workerOf("7", Tenant.limited("a", "q", 5));
    Item item = place.equals("parked") ? Item.of("b") : Item.of("a").lockToVersion("7");
    if (place.equals("delays")) {
      item.delayUntil(engine.clock.instant().plus(Duration.ofDays(300)));
    }
    UUID run = tenant.trigger(item);
    tenant.park();
    if (place.equals("leases")) {
      first.succeed(first.claimOne(), "1"); // the run below is held instead
      run = tenant.trigger(item);
      first.start(first.claimOne());
      forgetFinalRuns();
    } else {
      first.close();
    }
    assertThat(tenant.count(place)).isEqualTo(1);
    passMonths(6);
    Run before = tenant.run(run);
    assertThat(before.queue()).isEqualTo(place.equals("parked") ? "task/b" : "q");
    assertThat(before.version()).isEqualTo(place.equals("parked") ? null : "7");
    if (!place.equals("leases")) {
      tenant.queueDue(engine.clock.instant().plus(Duration.ofDays(301)));
      Worker again = tenant.workerOf("7", Tenant.limited("a", "q", 5), Tenant.task("b"));
      again.succeed(again.claimOne(), "1");
      assertThat(tenant.status(run)).isEqualTo(RunStatus.COMPLETED);
    }
  }

  @Test
  void a_session_keeps_its_version_with_the_tasks_that_it_has() {
    tenant.workerOf("7", Tenant.task("dropped"), Tenant.task("a")).close();
    Worker worker = tenant.workerOf("7", Tenant.limited("a", "q", 5));
    passMonths(6);
    assertThat(counts())
        .isEqualTo(
            Map.of("tasks", 1, "queues", 1, "versions", 1, "task_queues", 0, "version_tasks", 1));
    UUID run = tenant.trigger(Item.of("a").lockToVersion("7"));
    assertThat(worker.claimIds(9)).containsExactly(run);
  }

  @Test
  void a_declaration_within_a_month_keeps_what_was_marked() {
    for (int month = 0; month < 8; month++) {
      tenant.workerOf("7", Tenant.limited("a", "q", 5)).close();
      pass(A_MONTH);
      passDays();
      assertThat(counts())
          .as("month " + month)
          .isEqualTo(
              Map.of("tasks", 1, "queues", 1, "versions", 1, "task_queues", 0, "version_tasks", 1));
    }
  }

  /** The trigger has found the task, the queue or the version, and refers to it when it is gone. */
  @ParameterizedTest
  @ValueSource(strings = {"tasks", "queues"})
  void a_trigger_that_meets_a_deletion_is_repeated(String table) throws Exception {
    usedOnce();
    forgetFinalRuns();
    passDays();
    executeHere("delete from version_tasks where environment_id = :environment");
    if (table.equals("queues")) {
      executeHere("delete from tasks where environment_id = :environment");
    }
    String named = table.equals("queues") ? "q" : null;
    UUID run;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<UUID> trigger;
      try (Held held = new Held(engine.database, deletionOf(table))) {
        trigger = threads.submit(() -> tenant.trigger(Item.of("a").queue(named)));
        held.awaitWaiter();
      }
      run = trigger.get(20, TimeUnit.SECONDS);
    }
    assertThat(tenant.run(run).task()).isEqualTo("a");
    assertThat(listed(task("a"))).containsExactly(run);
    Worker worker = tenant.worker("a");
    worker.succeed(worker.claimOne(), "1");
  }

  /** What the sweep does last with a row that nothing keeps. */
  private String deletionOf(String table) {
    return "delete from " + table + " where environment_id = " + tenant.id();
  }

  @ParameterizedTest
  @ValueSource(strings = {"tasks", "queues", "versions", "version_tasks"})
  void a_declaration_that_meets_a_deletion_is_repeated(String table) throws Exception {
    usedOnce();
    forgetFinalRuns();
    passDays();
    List<String> references =
        switch (table) {
          case "version_tasks" -> List.of();
          case "queues" -> List.of("version_tasks", "tasks");
          default -> List.of("version_tasks");
        };
    references.forEach(from -> executeHere(deletionOf(from)));
    executeHere("update version_tasks set idle = true where environment_id = :environment");
    Worker worker;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Worker> declaration;
      try (Held held = new Held(engine.database, deletionOf(table))) {
        declaration = threads.submit(() -> tenant.workerOf("7", Tenant.limited("a", "q", 6)));
        held.awaitWaiter();
      }
      worker = declaration.get(20, TimeUnit.SECONDS);
    }
    UUID locked = tenant.trigger(Item.of("a").lockToVersion("7"));
    UUID free = tenant.trigger(Item.of("a"));
    assertThat(worker.claimIds(9)).containsExactlyInAnyOrder(locked, free);
    assertThat(tenant.run(free).queue()).isEqualTo("q");
  }

  /** The trigger has seen that the row is not idle, and inserts its lane after the mark. */
  @Test
  void a_row_that_is_marked_while_a_trigger_is_under_way_stays() throws Exception {
    usedOnce();
    forgetFinalRuns();
    for (int day = 0; day < 2; day++) {
      passed = passed.plus(A_DAY);
      engine.sweep("LaneSweep", tenant.now().plus(passed));
    }
    assertThat(tenant.count("lanes")).isZero();
    UUID run;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<UUID> trigger;
      try (Held held = new Held(engine.database, "lock table lanes in share mode")) {
        trigger = threads.submit(() -> tenant.trigger(Item.of("a")));
        held.awaitWaiter();
        retire();
        assertThat(idle()).as("its lane is not visible yet").isEqualTo(3);
      }
      run = trigger.get(20, TimeUnit.SECONDS);
    }
    passDays();
    assertThat(idle()).isZero();
    assertThat(listed(task("a"))).containsExactly(run);
    assertThat(tenant.count("task_queues")).isEqualTo(1);
  }

  private int idle() {
    return tenant.number(
        "select count(*)::int as n from task_queues where idle and environment_id = :environment");
  }

  @Test
  void a_trigger_revives_an_idle_row() {
    usedOnce();
    forgetFinalRuns();
    passed = passed.plus(A_DAY.multipliedBy(2));
    executeHere("delete from lanes where environment_id = :environment");
    retire();
    assertThat(idle()).isEqualTo(3);
    tenant.triggerOn(engine.server(), Item.of("a"));
    assertThat(idle()).isEqualTo(2);
  }
}
