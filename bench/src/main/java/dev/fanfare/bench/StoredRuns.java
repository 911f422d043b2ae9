package dev.fanfare.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/**
 * Loads runs by SQL, as if they had been triggered in batches of 1,000 over the last days. Their
 * ids, tasks, tags, options and outcomes vary as in an application that is used by many customers.
 */
final class StoredRuns {
  static final int BATCH = 1_000;

  /** How many different tags {@code user:…} there are. */
  static final int USERS = 100_000;

  static final String RARE_TAG = "rare";
  static final String RARE_STATUS = "SYSTEM_FAILURE";

  private static final int BATCHES_AT_ONCE = 20;
  private static final long SAY_NANOS = 10_000_000_000L;

  /** The state of the runs of a batch. */
  enum State {
    FINAL,
    QUEUED,
    DELAYED
  }

  private static final String FUNCTIONS =
      """
      create function pg_temp.id(millis bigint, counter bigint, random text) returns uuid
        language sql immutable
        return (encode(int8send((millis << 16) | 28672 | counter), 'hex')
                || 'a' || left(md5(random), 15))::uuid
      """;

  private static final String LOAD =
      """
      with input as materialized (
        select e.environment_id, i.*
          from pg_temp.environment e
         cross join (select ?::bigint as first, ?::bigint as last, ?::bigint as start_ms,
                            ?::bigint as span_ms, ?::text as state, ?::text as version,
                            ?::int as rare_step) as i
      ), chosen as materialized (
        select v.version_id
          from input i
          join versions v on v.environment_id = i.environment_id and v.version = i.version
      ), made_batches as materialized (
        select n, i.start_ms + (random() * i.span_ms)::bigint as millis
          from input i
         cross join generate_series(i.first, i.last) n
      ), drawn as materialized (
        select b.n, b.millis, k, b.n * 1000 + k as number, i.environment_id, i.state,
               case when i.rare_step > 0 then (b.n * 1000 + k) % i.rare_step end as rare,
               random() as a, random() as b, random() as c, random() as d, random() as e,
               random() as f
          from made_batches b
         cross join input i
         cross join generate_series(0, 999) k
      ), made as materialized (
        select d.environment_id, d.n, d.millis, d.k, d.number, d.state, d.rare, d.f,
               pg_temp.id(d.millis, d.k, d.number::text) as run_id,
               -- one batch in a hundred belongs to one parent, the others to many small families
               case when d.n % 100 = 0 then case when d.k > 0 then d.k end
                    when d.k % 20 between 1 and 3 then d.k % 20 end as from_parent,
               pg_temp.id(d.millis, 0, 'batch ' || d.n) as batch_id,
               to_timestamp(d.millis / 1000.0) as created_at,
               p.task_id, p.queue_id, p.lane_id,
               case when d.rare = 9 then array['rare']
                    when d.a < 0.2 then array['kind:' || (d.b * 10)::int,
                                              'user:' || (d.c * 100000)::int] end as tags,
               case when d.d < 0.05
                    then '{"machine":"' || case when d.b < 0.9 then 'small-2x' else 'large-1x' end
                         || '","region":"' || case when d.c < 0.9 then 'eu' else 'us' end
                         || '"}' end as options,
               d.d > 0.99 as is_test,
               d.b > 0.98 as is_locked,
               d.c > 0.95 as has_metadata
          from drawn d
          join pg_temp.places p
            on p.task = case when d.rare = 7 then 19 else (d.e * d.e * 19)::int % 19 end
           and p.is_shared = (d.a > 0.8)
      ), new_runs as (
        insert into runs
               (environment_id, run_id, task_id, queue_id, lane_id, rank, created_at, batch_id,
                batch_index, payload, tags, options, source, is_test, delay_until, version_id,
                parent_run_id, root_run_id, depth)
        select m.environment_id, m.run_id, m.task_id, m.queue_id, m.lane_id, m.millis * 1000 + m.k,
               m.created_at, m.batch_id, m.k,
               '{"number":' || m.number || ',"text":"' || repeat('x', 72) || '"}', m.tags,
               m.options, 'SDK', m.is_test,
               case when m.state = 'DELAYED' then now() + interval '1 day' end,
               case when m.state = 'FINAL' and m.is_locked then v.version_id end,
               p.id, p.id, case when p.id is not null then 1 end
          from made m
         cross join chosen v
         cross join lateral (
                 select case when m.from_parent is not null
                             then pg_temp.id(m.millis, m.k - m.from_parent,
                                             (m.number - m.from_parent)::text) end as id) as p
      ), new_outcomes as (
        insert into outcomes
               (environment_id, run_id, status, attempt, output, error, started_at, finished_at,
                duration_ms, version_id)
        select m.environment_id, m.run_id, s.status::run_status,
               case when s.status in ('EXPIRED', 'CANCELED') then 0 else 1 end,
               case when s.status = 'COMPLETED' then '{"number":' || m.number || '}' end,
               case when s.status <> 'COMPLETED'
                    then '{"type":"STRING_ERROR","raw":"The cause of it"}' end,
               case when s.status not in ('EXPIRED', 'CANCELED')
                    then m.created_at + m.f * interval '1 minute' end,
               m.created_at + m.f * interval '2 minutes', (m.f * 60000)::int,
               case when s.status in ('EXPIRED', 'CANCELED') then 0 else v.version_id end
          from made m
         cross join chosen v
         cross join lateral (
                 select case when m.rare = 8 then 'SYSTEM_FAILURE'
                             when m.f < 0.90 then 'COMPLETED'
                             when m.f < 0.95 then 'FAILED'
                             when m.f < 0.97 then 'CANCELED'
                             when m.f < 0.98 then 'CRASHED'
                             when m.f < 0.99 then 'EXPIRED'
                             else 'TIMED_OUT' end as status) as s
         where m.state = 'FINAL'
      ), new_ready as (
        insert into ready
               (environment_id, task_id, version_id, lane_id, rank, last_id, fence, attempt, losses)
        select environment_id, task_id, 0, lane_id, millis * 1000 + k, run_id, 0, 0, 0
          from made
         where state = 'QUEUED'
      ), new_delays as (
        insert into delays
               (environment_id, run_id, due_at, lane_id, rank, fence, attempt, losses)
        select environment_id, run_id, now() + interval '1 day', lane_id, millis * 1000 + k, 0, 0, 0
          from made
         where state = 'DELAYED'
      ), new_tags as (
        insert into run_tags (environment_id, tag, run_id)
        select m.environment_id, t.tag, m.run_id
          from made m
         cross join unnest(m.tags) as t (tag)
      ), new_metadata as (
        insert into run_metadata (environment_id, run_id, metadata)
        select environment_id, run_id, '{"progress":' || number || ',"step":"done"}'
          from made
         where has_metadata
      )
      insert into batches
             (environment_id, batch_id, status, open_runs, item_count, first_ids, created_at,
              completed_at, sealed_at)
      select environment_id, batch_id,
             case when state = 'FINAL' then 'COMPLETED' else 'PENDING' end::batch_status,
             case when state = 'FINAL' then 0 else 1000 end, 1000, array_agg(run_id order by k),
             created_at,
             case when state = 'FINAL' then created_at + interval '2 minutes' end, created_at
        from made
       group by environment_id, batch_id, created_at, state
      """;

  private final Connection connection;
  private final StoredDays days;
  private final Instant now;
  private final Progress progress;
  private final long total;
  private final long begunNanos = System.nanoTime();
  private long saidNanos = begunNanos;
  private long loaded;
  private long batches;

  /**
   * A loader.
   *
   * @param connection must have the tables of {@link StoredTasks#create}
   * @param total how many runs are loaded in all, for the progress
   */
  StoredRuns(Connection connection, StoredDays days, Instant now, long total, Progress progress)
      throws SQLException {
    this.connection = connection;
    this.days = days;
    this.now = now;
    this.total = total;
    this.progress = progress;
    try (Statement statement = connection.createStatement()) {
      statement.execute(FUNCTIONS);
      statement.execute("set synchronous_commit = off");
      statement.execute("select setseed(0.5)"); // the same attributes in every run
    }
  }

  /**
   * Loads batches of one day.
   *
   * @param day 0 is the oldest, which also has a few runs of a task, a status and a tag of its own
   */
  void load(int day, int count, State state) throws SQLException {
    load(days.start(day), days.span(day, now), day, count, state);
  }

  /** Loads batches of the last minutes. */
  void loadNew(int count, State state) throws SQLException {
    Duration span = Duration.ofMinutes(2);
    load(now.minus(span), span, days.count() - 1, count, state);
  }

  private void load(Instant start, Duration span, int day, int count, State state)
      throws SQLException {
    int versions = StoredTasks.VERSIONS.size();
    try (PreparedStatement load = connection.prepareStatement(LOAD)) {
      for (int done = 0; done < count; ) {
        int next = Math.min(BATCHES_AT_ONCE, count - done);
        load.setLong(1, batches);
        load.setLong(2, batches + next - 1);
        load.setLong(3, start.toEpochMilli());
        load.setLong(4, span.toMillis());
        load.setString(5, state.name());
        // The first version was used on the oldest day only.
        load.setString(
            6, StoredTasks.VERSIONS.get(Math.ceilDiv(day * (versions - 1), days.count())));
        load.setInt(7, day == 0 && state == State.FINAL ? Math.max(10, count * BATCH / 20) : 0);
        load.executeUpdate();
        done += next;
        batches += next;
        loaded += (long) next * BATCH;
        say();
      }
    }
  }

  private void say() {
    long time = System.nanoTime();
    if (time - saidNanos < SAY_NANOS && loaded < total) {
      return;
    }
    saidNanos = time;
    double perSecond = loaded * 1e9 / (time - begunNanos);
    progress.say(
        String.format(
            Locale.ROOT,
            "stored: loaded %,d of %,d runs, %,.0f a second, %,.0f s to go",
            loaded,
            total,
            perSecond,
            (total - loaded) / perSecond));
  }

  /** Lets PostgreSQL do now what it would do in the background during the measurements. */
  void settle() throws SQLException {
    progress.say("stored: vacuuming and analyzing");
    try (Statement statement = connection.createStatement()) {
      statement.execute("reset synchronous_commit");
      statement.execute("vacuum (analyze)");
      statement.execute("checkpoint");
    }
  }
}
