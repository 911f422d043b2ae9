package dev.fanfare.server;

import static dev.fanfare.server.config.ServerSettings.RETENTION;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.config.Retention;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.text.Hash;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/**
 * With fifty partitions, the statements that trigger, claim, report, read and change runs lock only
 * a few.
 */
class PartitionPlansTest {
  private static final int WEEKS = 50;

  /** The previous and the present range, and what is ahead of them. */
  private static final int LOCKED_MAX = 4;

  @AutoClose final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private void createPartitions() {
    Instant now = engine.clock.instant();
    Sweep sweep =
        engine.server(Engine.config().with(RETENTION, Retention.FOREVER)).sweeps().stream()
            .filter(s -> s.getClass().getSimpleName().equals("PartitionSweep"))
            .findFirst()
            .orElseThrow();
    for (int week = WEEKS; week >= 0; week--) {
      sweep.runOnce(0, now.minus(Duration.ofDays(7L * week)));
    }
  }

  private void useEverything() {
    Worker worker = tenant.worker(Tenant.task("a", new RetryPolicy(3, 0, 0, 1, false)));
    Instant now = engine.clock.instant();
    UUID parent = tenant.trigger(Item.of("a").tags("t").metadata("{}").key("k"));
    tenant.trigger(Item.of("a").key("k"));
    tenant.trigger(Item.of("a").parent(parent));
    UUID delayed = tenant.trigger(Item.of("a").delayUntil(now.plusSeconds(60)));
    tenant.trigger(Item.of("a").debounce("d", Duration.ofMinutes(1)).trailing().tags("x"));
    tenant.trigger(
        Item.of("a").debounce("d", Duration.ofMinutes(1)).trailing().tags("y").metadata("{}"));
    UUID batch = tenant.batch("b", Hash.of("b"), Item.of("a"), Item.of("a").tags("u")).batchId();
    tenant.batch("b", Hash.of("b"), Item.of("a"), Item.of("a").tags("u"));
    tenant.cancel(delayed);
    for (ClaimedRun run : worker.claim(10)) {
      worker.start(run);
      if (run.runId().equals(parent)) {
        worker.fail(run, 1, true);
      } else {
        worker.succeed(run, "1");
      }
    }
    worker.claim(10).forEach(run -> worker.fail(run, 2, false));
    tenant.trigger(Item.of("a").key("k"));
    tenant.run(parent);
    tenant.finalRuns(batch);
    engine.components.run.readRuns().family(tenant.id(), parent, bytes -> {});
    engine.components.run.readRuns().statuses(tenant.id(), List.of(parent));
    engine.components.run.readRuns().requested(tenant.id(), parent, bytes -> {});
    tenant.cancel(parent);
    tenant.queueDue(now.plusSeconds(120));
  }

  private void deleteByRows() {
    engine.tenant(); // whose runs stay
    tenant.keepFor("1d");
    Instant later = engine.clock.instant().plus(Duration.ofDays(3));
    assertThat(engine.sweep("RetentionSweep", later)).isPositive();
  }

  /** The partitions that each statement which a connection has prepared locks. */
  private Map<String, TreeSet<String>> locked() {
    Map<String, TreeSet<String>> locked = new TreeMap<>();
    engine.database.transaction(
        tenant.id(),
        tx -> {
          record Prepared(String name, String sql, int parameters) {}
          List<Prepared> all =
              tx.sql(
                      """
                      select name, statement, cardinality(parameter_types) as n
                        from pg_prepared_statements
                      """)
                  .list(r -> new Prepared(r.text("name"), r.text("statement"), r.integer("n")));
          for (Prepared prepared : all) {
            if (!prepared.sql.matches("(?s)\\s*(select|with|insert|update|delete).*")) {
              continue;
            }
            String nulls = String.join(",", Collections.nCopies(prepared.parameters, "null"));
            String call = prepared.parameters == 0 ? "" : "(" + nulls + ")";
            tx.define("savepoint before");
            tx.sql("explain execute \"" + prepared.name + "\"" + call).list(r -> true);
            TreeSet<String> partitions =
                new TreeSet<>(
                    tx.sql(
                            """
                            select distinct c.relname
                              from pg_locks l
                              join pg_class c on c.oid = l.relation
                             where l.pid = pg_backend_pid()
                               and c.relispartition
                               and c.relkind = 'r'
                            """)
                        .list(r -> r.text("relname")));
            tx.define("rollback to savepoint before");
            locked.put(prepared.sql, partitions);
          }
          return null;
        });
    return locked;
  }

  @Test
  void a_statement_locks_the_partitions_that_it_needs() {
    createPartitions();
    assertThat(
            tenant.number(
                "select count(*)::int as n from pg_inherits where inhparent = 'runs'::regclass and"
                    + " :environment > 0"))
        .isGreaterThan(WEEKS);
    useEverything();
    deleteByRows();
    Map<String, TreeSet<String>> locked = locked();
    assertThat(locked).hasSizeGreaterThan(25);
    assertThat(locked.values().stream().filter(partitions -> !partitions.isEmpty()).count())
        .isGreaterThan(10);
    assertThat(locked)
        .allSatisfy((sql, partitions) -> {
          for (String table : List.of("runs_", "outcomes_", "run_tags_", "run_m", "batches_")) {
            assertThat(partitions.stream().filter(name -> name.startsWith(table)))
                .as(sql)
                .hasSizeLessThanOrEqualTo(LOCKED_MAX);
          }
        });
  }
}
