package dev.fanfare.acceptance.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fanfare.acceptance.chaos.Load.Acknowledged;
import dev.fanfare.acceptance.chaos.Processes.Serving;
import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.sdk.Batch;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Worker;
import dev.fanfare.testkit.Seed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the server, or stops its database without a checkpoint, as soon as a trigger is
 * acknowledged, while other clients trigger. Whatever was acknowledged is whole afterwards. {@code
 * make kills} does it more often.
 */
class KilledAfterResponseTest {
  /** How many kills; the default is for a run of all tests. */
  private static final String KILLS = "fanfare.kills";

  private static final int OTHERS = 2;
  private static final int SLOTS = 100;
  private static final int SHOWN_EVERY = 10;

  private enum Victim {
    SERVER,
    DATABASE
  }

  /** Who dies after the response to what. */
  private record Kill(Victim victim, TriggerForm form) {}

  private final List<Kill> pack = new ArrayList<>();
  private final List<String> acknowledgedByOthers = new ArrayList<>();
  private long runs;

  @Test
  void BAT_04_what_was_acknowledged_is_whole_however_soon_a_process_dies(
      @TempDir Path home, @TempDir Path data) {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "signals and /proc are Linux's");
    Seed.run(random -> {
      try (DatabaseProcess database = DatabaseProcess.create(data);
          Processes processes = processes(database, home)) {
        killOften(Integer.getInteger(KILLS, 2), database, processes, home, random);
      }
    });
  }

  private static Processes processes(DatabaseProcess database, Path home) {
    return new Processes()
        .set(
            "FANFARE_DATABASE_URL",
            "postgres://%1$s:%1$s@127.0.0.1:%2$d/%1$s"
                .formatted(DatabaseProcess.APP, database.port()))
        .set("FANFARE_SESSION_LEASE", "30s"); // no run must be executed twice
  }

  private void killOften(
      int kills, DatabaseProcess database, Processes processes, Path home, SplittableRandom random)
      throws Exception {
    Serving server = processes.server("server", home);
    LeaseHistory history = LeaseHistory.install(database::connect);
    for (int number = 1; number <= kills; number++) {
      Kill kill = next(random);
      String op = "kill-" + number;
      BatchClients others = BatchClients.start(op + "-", server.impatientClient(), OTHERS);
      others.awaitAcknowledged(OTHERS);
      List<Acknowledged> calls = kill.form.trigger(server.client(), op, new Draw(random.split()));
      switch (kill.victim) {
        case SERVER -> processes.end(server.jvm());
        case DATABASE -> database.stop("QUIT");
      }
      others.stop();
      switch (kill.victim) {
        case SERVER -> server = processes.server("server", home);
        case DATABASE -> database.start();
      }
      others.awaitEnd();
      try {
        assertWhole(calls, kill.form, server.client(), history);
        assertWhole(others, history);
      } catch (AssertionError e) {
        throw new AssertionError(
            "After kill %d of %d, %s: %s%n%s"
                .formatted(number, kills, kill, e.getMessage(), processes),
            e);
      }
      if (number % SHOWN_EVERY == 0) {
        System.out.printf("%d of %d kills, %d acknowledged runs%n", number, kills, runs);
      }
    }
    assertExecutable(server, history, Duration.ofSeconds(60 + kills), processes);
    System.out.printf(
        "Killed %d times after a response: %d acknowledged runs, and %d batches of other clients%n",
        kills, runs, acknowledgedByOthers.size());
  }

  /** Deals all kills as from a pack of cards: each once, then all again. */
  private Kill next(SplittableRandom random) {
    if (pack.isEmpty()) {
      for (Victim victim : Victim.values()) {
        Stream.of(TriggerForm.values()).map(form -> new Kill(victim, form)).forEach(pack::add);
      }
      Collections.shuffle(pack, new Random(random.nextLong()));
    }
    return pack.removeLast();
  }

  private void assertWhole(
      List<Acknowledged> calls, TriggerForm form, Fanfare fanfare, LeaseHistory history)
      throws SQLException {
    for (Acknowledged call : calls) {
      List<String> runIds = call.runIds();
      if (call.batchId() != null) {
        Batch batch = fanfare.batches().retrieve(call.batchId());
        assertThat(batch.isFinal()).as("whether %s is final", batch.id()).isFalse();
        assertThat(batch.runIds()).hasSize(batch.runCount()).doesNotHaveDuplicates();
        if (!runIds.equals(TriggerForm.UNKNOWN)) {
          assertThat(batch.runIds()).isEqualTo(runIds);
        }
        runIds = batch.runIds();
        assertThat(history.strings(COUNTS, id(PublicId.BATCH, batch.id())))
            .as("the counts of %s", batch)
            .containsExactly("%1$d items, %1$d open, sealed".formatted(runIds.size()));
      }
      assertThat(fanfare.runs().retrieve(runIds.getLast()).status()).isEqualTo(RunStatus.QUEUED);
      assertThat(history.strings(BROKEN, ids(runIds), beginnings(call.op(), runIds.size())))
          .as("runs of %s that are not whole", call.op())
          .isEmpty();
      form.assertRepeatable(fanfare, call);
      runs += runIds.size();
    }
  }

  private static final String COUNTS =
      """
      select format('%s items, %s open, %s', item_count, open_runs,
                    case when sealed_at is null then 'not sealed' else 'sealed' end)
        from batches
       where batch_id = ?
      """;

  /** A run is whole if it is stored with its payload, and queued once. */
  private static final String BROKEN =
      """
      select format('%s: payload %s, queued %s times', i.run_id, left(r.payload, 50), q.times)
        from unnest(?::uuid[], ?::text[]) as i (run_id, beginning)
        left join runs r on r.run_id = i.run_id
        left join (select run_id, count(*) as times
                     from ready_runs
                    group by run_id) as q on q.run_id = i.run_id
       where strpos(coalesce(r.payload, ''), i.beginning) = 0
          or q.times is distinct from 1
      """;

  private static UUID id(String prefix, String text) {
    UUID id = PublicId.parse(prefix, text);
    assertThat(id).as(text).isNotNull();
    return id;
  }

  private static UUID[] ids(List<String> runs) {
    return runs.stream().map(run -> id(PublicId.RUN, run)).toArray(UUID[]::new);
  }

  private static String[] beginnings(String op, int items) {
    return IntStream.range(0, items)
        .mapToObj(item -> TriggerForm.beginning(op, item))
        .toArray(String[]::new);
  }

  /** Each batch of the other clients has a tag of its own, as do its runs. */
  private void assertWhole(BatchClients others, LeaseHistory history) throws SQLException {
    long whole = BatchClients.ITEMS;
    Map<String, Long> stored = history.runsByTag();
    assertThat(others.acknowledged())
        .isNotEmpty()
        .allSatisfy(tag -> assertThat(stored).containsEntry(tag, whole));
    assertThat(Stream.of(others.refused(), others.unanswered()).flatMap(List::stream))
        .allSatisfy(tag -> assertThat(stored.getOrDefault(tag, 0L)).isIn(0L, whole));
    assertThat(others.surprises()).isEmpty();
    acknowledgedByOthers.addAll(others.acknowledged());
  }

  /** What is stored can be executed, and was not stored twice. */
  private void assertExecutable(
      Serving server, LeaseHistory history, Duration bound, Processes processes) throws Exception {
    assertThat(history.runsByTag().keySet()).containsAll(acknowledgedByOthers);
    try (Worker worker = TriggerForm.work(server.client(), SLOTS)) {
      history.awaitAllDone(bound, processes);
    }
    history.assertAllCompletedOnce();
    history.assertOneHolderAtATime();
  }
}
