package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.protocol.worker.TaskDefinition;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Workers that declare their tasks when they open a session. */
class DeclarationTest {
  @AutoClose static final Engine engine = Engine.start();

  private static final Duration BOUND = Duration.ofSeconds(30);

  final Tenant tenant = engine.tenant();

  private static TaskDefinition[] tasks(RetryPolicy retry, Integer limit, Long ttlMillis) {
    return new TaskDefinition[] {
      new TaskDefinition("b", new QueueDefinition("shared", limit), retry, 60_000L, ttlMillis),
      new TaskDefinition("a", null, null, null, null),
      new TaskDefinition("c", new QueueDefinition("shared", limit), retry, null, ttlMillis)
    };
  }

  private static final RetryPolicy RETRY = new RetryPolicy(3, 100, 1_000, 1.1, true);

  /** The rows of tasks and queues with the transactions that wrote them. */
  private List<String> rows() {
    return engine.database.transaction(
        tenant.id(),
        tx ->
            tx.sql(
                    """
                    select t.xmin || ' ' || t::text as row
                      from tasks t
                     where t.environment_id = :environment
                     union all
                    select q.xmin || ' ' || q::text
                      from queues q
                     where q.environment_id = :environment
                     order by 1
                    """)
                .list(r -> r.text("row")));
  }

  @Test
  void a_declaration_that_changes_nothing_writes_nothing_and_waits_for_nobody() throws Exception {
    tenant.worker(tasks(RETRY, 5, 1_000L));
    List<String> before = rows();
    CountDownLatch locked = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Thread holder = Thread.ofVirtual().start(() -> lockAll(locked, release));
    assertThat(locked.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
    Thread same = Thread.ofVirtual().start(() -> tenant.worker(tasks(RETRY, 5, 1_000L)));
    boolean finished = same.join(BOUND);
    release.countDown();
    holder.join();
    same.join();
    assertThat(finished).as("while another transaction has locked all tasks and queues").isTrue();
    assertThat(rows()).isEqualTo(before);
  }

  private void lockAll(CountDownLatch locked, CountDownLatch release) {
    engine.database.transaction(
        tenant.id(),
        tx -> {
          tx.sql("select slug from tasks where environment_id = :environment for update")
              .list(r -> r.text("slug"));
          tx.sql("select name from queues where environment_id = :environment for update")
              .list(r -> r.text("name"));
          locked.countDown();
          try {
            assertThat(release.await(2 * BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
          return null;
        });
  }

  @Test
  void a_declaration_writes_only_what_differs() {
    tenant.worker(tasks(RETRY, 5, 1_000L));
    List<String> before = rows();
    tenant.worker(tasks(RETRY, 6, 1_000L));
    assertThat(rows().stream().filter(row -> !before.contains(row))).hasSize(1); // the queue
    tenant.worker(tasks(RETRY, null, null));
    assertThat(rows().stream().filter(row -> !before.contains(row))).hasSize(3);
    assertThat(
            tenant.number(
                "select count(*)::int as n from queues where environment_id = :environment and"
                    + " concurrency_limit is not null"))
        .isZero();
    tenant.worker(tasks(new RetryPolicy(3, 100, 1_000, 1.2, true), null, null));
    assertThat(
            tenant.number(
                "select count(*)::int as n from tasks where environment_id = :environment and"
                    + " retry_factor = 1.2::float8"))
        .isEqualTo(2);
  }

  @Test
  void declarations_that_differ_use_up_no_numbers_of_tasks_and_queues() {
    tenant.trigger(Item.of("a")); // inserts a task that no worker has declared
    tenant.worker(tasks(RETRY, 5, 1_000L));
    int before = numbersUsed();
    for (int i = 1; i <= 20; i++) { // two deployments that replace each other's declarations
      tenant.worker(tasks(RETRY, i, 1_000L + i));
    }
    assertThat(numbersUsed()).isEqualTo(before);
    assertThat(
            tenant.number(
                "select max(ttl_ms)::int as n from tasks where environment_id = :environment"))
        .isEqualTo(1_020);
    assertThat(
            tenant.number(
                """
                select max(concurrency_limit) as n from queues where environment_id = :environment
                """))
        .isEqualTo(20);
  }

  private int numbersUsed() {
    return tenant.number(
        """
        select (t.last_value + q.last_value)::int as n
          from tasks_task_id_seq t
         cross join queues_queue_id_seq q
        """);
  }

  @Test
  void a_task_that_is_declared_twice_in_one_session_is_stored_as_its_last_declaration() {
    tenant.worker(
        new TaskDefinition("twice", new QueueDefinition("one", 1), RETRY, null, null),
        new TaskDefinition("twice", new QueueDefinition("two", 2), RETRY, null, null));
    assertThat(
            tenant.number(
                """
                select q.concurrency_limit as n
                  from tasks t
                  join queues q using (environment_id, queue_id)
                 where t.environment_id = :environment
                """))
        .isEqualTo(2);
  }
}
