package dev.fanfare.bench.peer;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerClient;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** db-scheduler, a library for Java that is embedded in an application. */
final class DbScheduler implements JvmQueue {
  /** What the documentation recommends to keep threads busy, in multiples of their number. */
  private static final double LOWER_LIMIT = 1.0;

  private static final double UPPER_LIMIT = 4.0;

  private static final Duration POLLING = Duration.ofSeconds(1);

  /** Of all jobs: it updates each by itself. */
  private static final double SHARE = 0.3;

  private static final OneTimeTask<String> NOTHING =
      Tasks.oneTime("nothing", String.class).execute((job, context) -> Handled.one());
  private static final OneTimeTask<Long> SINCE =
      Tasks.oneTime("since", Long.class).execute((job, context) -> Handled.since(job.getData()));

  private final DataSource pool;
  private final SchedulerClient client;

  /** Ids have to be unique; these cost less to make than random ones. */
  private final String idPrefix = UUID.randomUUID() + "-";

  private final AtomicLong lastId = new AtomicLong();

  private @Nullable Scheduler scheduler;

  private DbScheduler(DataSource pool) {
    this.pool = pool;
    this.client = SchedulerClient.Builder.create(pool, NOTHING, SINCE).build();
  }

  static PeerDefinition definition() {
    return new PeerDefinition(
        "db-scheduler",
        "scheduleBatch of 1,000 with reWriteBatchedInserts, lock-and-fetch (%s, %s), "
                .formatted(LOWER_LIMIT, UPPER_LIMIT)
            + "one thread for each job in flight, immediate execution, "
            + PeerPool.SIZE
            + " connections, %s of the jobs; for latency and fanout the worker's process triggers"
                .formatted(SHARE),
        "scheduled_tasks",
        "select from scheduled_tasks",
        SHARE,
        true,
        PeerDefinition.jvm(DbScheduler.class));
  }

  /** The main method of the child processes. */
  public static void main(String[] args) throws Exception {
    DataSource pool = PeerPool.open();
    createTable(pool);
    QueueLines.serve(new DbScheduler(pool), Scheduler.class);
  }

  /** The table and the indexes that the documentation prescribes, without the optional priority. */
  private static void createTable(DataSource pool) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          create table if not exists scheduled_tasks (
            task_name            text        not null,
            task_instance        text        not null,
            task_data            bytea,
            execution_time       timestamptz not null,
            picked               boolean     not null,
            picked_by            text,
            last_success         timestamptz,
            last_failure         timestamptz,
            consecutive_failures int,
            last_heartbeat       timestamptz,
            version              bigint      not null,
            primary key (task_name, task_instance)
          );
          create index if not exists execution_time_idx on scheduled_tasks (execution_time);
          create index if not exists last_heartbeat_idx on scheduled_tasks (last_heartbeat);
          """);
    }
  }

  @Override
  public void store(List<Payload> batch) {
    List<TaskInstance<?>> jobs =
        batch.stream()
            .map(payload -> NOTHING.instance(nextId(), payload.json()))
            .collect(Collectors.toList());
    client().scheduleBatch(jobs, Instant.now());
  }

  @Override
  public void trigger(long nowMicros) {
    client().scheduleIfNotExists(SINCE.instance(nextId(), nowMicros), Instant.now());
  }

  private String nextId() {
    return idPrefix + lastId.incrementAndGet();
  }

  /** A scheduler learns at once of the jobs that its own client stores. */
  private SchedulerClient client() {
    return scheduler == null ? client : scheduler;
  }

  @Override
  public void start(int inFlight) {
    scheduler =
        Scheduler.create(pool, NOTHING, SINCE)
            .threads(inFlight)
            .pollUsingLockAndFetch(LOWER_LIMIT, UPPER_LIMIT)
            .pollingInterval(POLLING)
            .enableImmediateExecution()
            .build();
    scheduler.start();
  }

  @Override
  public void stop() {
    if (scheduler != null) {
      scheduler.stop();
      scheduler = null;
    }
  }
}
