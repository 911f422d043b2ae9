package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.run.ListRuns.Page;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.RunFilter;
import dev.fanfare.testkit.Seed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Lists of runs: filters, pages, and runs that change while they are listed. */
class ListTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private Page page(RunFilter filter, int size, UUID after, UUID before) {
    return engine
        .components
        .run
        .listRuns()
        .page(tenant.id(), filter, size, after, before, bytes -> {})
        .orElseThrow(HttpError::of);
  }

  private static List<UUID> ids(List<Run> runs) {
    return runs.stream().map(Run::id).toList();
  }

  @Test
  void LST_01_every_combination_of_filters_shows_the_runs_that_match_in_both_directions() {
    Seed.run(random -> {
      new RandomRuns(engine, tenant, random.split()).fill(3_000);
      StoredRuns stored = StoredRuns.of(engine, tenant);
      assertThat(
              tenant.number(
                  """
                  select count(*)::int as n
                    from pg_inherits
                   where inhparent = 'runs'::regclass
                     and :environment > 0
                  """))
          .as("partitions of the runs")
          .isGreaterThan(2);
      assertThat(stored.all().stream().map(StoredRuns.Stored::status).distinct())
          .as("states of the runs")
          .hasSizeGreaterThanOrEqualTo(9);
      Kind[] kinds = Kind.values();
      check(new Filters().toFilter(), stored, random);
      for (Kind kind : kinds) {
        for (int i = 0; i < 4; i++) {
          check(filter(stored, random, kind), stored, random);
        }
        for (Kind other : kinds) {
          if (other.compareTo(kind) > 0) {
            check(filter(stored, random, kind, other), stored, random);
          }
        }
      }
      for (int i = 0; i < 60; i++) {
        Kind[] three =
            IntStream.range(0, 3)
                .mapToObj(n -> kinds[random.nextInt(kinds.length)])
                .toArray(Kind[]::new);
        check(filter(stored, random, three), stored, random);
      }
    });
  }

  /** The conditions of a filter. */
  private enum Kind {
    STATUS,
    TASK,
    TAG,
    QUEUE,
    VERSION,
    MACHINE,
    REGION,
    BATCH,
    TEST,
    CREATED_FROM,
    CREATED_TO
  }

  private static RunFilter filter(StoredRuns stored, SplittableRandom random, Kind... kinds) {
    Filters filters = new Filters();
    for (Kind kind : kinds) {
      StoredRuns.Stored run = stored.all().get(random.nextInt(stored.all().size()));
      switch (kind) {
        case STATUS -> filters.statuses(some(Arrays.asList(RunStatus.values()), random));
        case TASK -> filters.tasks(some(RandomRuns.TASKS, random));
        case TAG -> filters.tags(some(RandomRuns.TAGS, random));
        case QUEUE -> filters.queues(some(RandomRuns.QUEUES, random));
        case VERSION -> filters.versions(some(RandomRuns.VERSIONS, random));
        case MACHINE -> filters.machines(some(RandomRuns.MACHINES, random));
        case REGION -> filters.regions(some(RandomRuns.REGIONS, random));
        case BATCH ->
            filters.batch(stored.batchIds().get(random.nextInt(stored.batchIds().size())));
        case TEST -> filters.test(random.nextBoolean());
        case CREATED_FROM -> filters.createdFrom(run.createdAt().plusMillis(random.nextInt(-2, 3)));
        case CREATED_TO -> filters.createdTo(run.createdAt().plusMillis(random.nextInt(-2, 3)));
      }
    }
    return filters.toFilter();
  }

  private static <T> List<T> some(List<T> values, SplittableRandom random) {
    return IntStream.rangeClosed(0, random.nextInt(3))
        .mapToObj(i -> values.get(random.nextInt(values.size())))
        .toList();
  }

  private void check(RunFilter filter, StoredRuns stored, SplittableRandom random) {
    List<UUID> expected = stored.matching(filter);
    int size = random.nextInt(Math.clamp(expected.size() / 6, 1, 100), 101);
    List<List<UUID>> pages = new ArrayList<>();
    Page page = page(filter, size, null, null);
    assertThat(page.previous()).isNull();
    while (page.next() != null) {
      assertThat(page.runs()).hasSize(size);
      pages.add(ids(page.runs()));
      page = page(filter, size, page.next(), null);
    }
    pages.add(ids(page.runs()));
    assertThat(pages.stream().flatMap(List::stream).toList())
        .as("%s, %s on a page", filter, size)
        .isEqualTo(expected);

    List<UUID> back = new ArrayList<>();
    while (page.previous() != null) {
      page = page(filter, size, null, page.previous());
      assertThat(page.next()).isNotNull();
      back.addAll(0, ids(page.runs()));
    }
    assertThat(back)
        .as("%s, %s on a page, backwards", filter, size)
        .isEqualTo(expected.subList(0, expected.size() - pages.getLast().size()));
  }

  @Test
  void LST_02_no_run_is_shown_twice_or_missed_while_runs_come_and_go() throws Exception {
    Worker worker = tenant.worker("a");
    tenant.triggerMany(600, Item.of("a").tags("x"));
    engine.database.transaction(tx -> tx.sql("analyze").update()); // as autovacuum does
    AtomicBoolean isOver = new AtomicBoolean();
    Thread changes =
        Thread.ofVirtual()
            .start(() -> {
              while (!isOver.get()) {
                tenant.batch(Item.of("a").tags("x"), Item.of("a"));
                for (ClaimedRun run : worker.claim(7)) {
                  worker.start(run);
                  worker.succeed(run, "1");
                }
              }
            });
    try {
      for (int round = 0; round < 8; round++) {
        showsAll(new Filters().tasks(List.of("a")).toFilter(), round);
        showsAll(new Filters().tags(List.of("x")).tasks(List.of("a", "b")).toFilter(), round);
        showsAll(new Filters().statuses(PASSED).toFilter(), round);
        showsAll(new Filters().statuses(PASSED).tags(List.of("x")).toFilter(), round);
        for (RunStatus status : PASSED) {
          showsOnly(status);
        }
      }
    } finally {
      isOver.set(true);
      changes.join();
    }
  }

  /** All states through which the runs of this test go. */
  private static final List<RunStatus> PASSED =
      List.of(RunStatus.QUEUED, RunStatus.DEQUEUED, RunStatus.EXECUTING, RunStatus.COMPLETED);

  private void showsAll(RunFilter filter, int round) {
    List<UUID> before = StoredRuns.of(engine, tenant).matching(filter);
    List<UUID> shown = new ArrayList<>();
    Page page = page(filter, 20 + round, null, null);
    shown.addAll(ids(page.runs()));
    while (page.next() != null) {
      page = page(filter, 20 + round, page.next(), null);
      shown.addAll(ids(page.runs()));
    }
    assertThat(shown)
        .doesNotHaveDuplicates()
        .isSortedAccordingTo(Comparator.comparing(UUID::toString).reversed());
    Set<UUID> missed = new HashSet<>(before);
    missed.removeAll(new HashSet<>(shown));
    assertThat(missed).as("%s", filter).isEmpty();
  }

  private void showsOnly(RunStatus status) {
    Page page = page(new Filters().statuses(List.of(status)).toFilter(), 100, null, null);
    assertThat(page.runs()).allMatch(run -> run.status() == status);
  }

  @Test
  void LST_03_a_run_is_found_by_its_creation_even_if_the_clock_stepped_back() {
    UUID first = tenant.trigger(Item.of("a"));
    var late = engine.clock.instant();
    engine.clock.advance(Duration.ofMinutes(-5));
    UUID second = tenant.trigger(Item.of("a"));
    RunFilter until = new Filters().createdTo(engine.clock.instant()).toFilter();
    RunFilter since = new Filters().createdFrom(late).toFilter();
    engine.clock.advance(Duration.ofMinutes(5));
    assertThat(ids(page(until, 10, null, null).runs())).containsExactly(second);
    assertThat(ids(page(since, 10, null, null).runs())).containsExactly(first);
  }
}
