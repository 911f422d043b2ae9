package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

/** What holds for an environment at any moment, whatever happened before. */
final class Invariants {
  private Invariants() {}

  static void check(Tenant tenant) {
    none(tenant, "runs that are not in exactly one place", RUNS_NOT_IN_ONE_PLACE);
    assertThat(tenant.number(PLACES))
        .as("entries in all places, one for each run")
        .isEqualTo(tenant.count("runs"));
    none(tenant, "batches with a wrong count of open runs", BATCHES_COUNTED_WRONG);
    none(tenant, "batches whose status contradicts their count", BATCHES_IN_A_WRONG_STATE);
    none(tenant, "slot counters that differ from the leases", SLOTS_COUNTED_WRONG);
    none(tenant, "queues above their limit", QUEUES_ABOVE_THEIR_LIMIT);
    none(tenant, "keys that name a run with another key", KEYS_OF_OTHER_RUNS);
    none(tenant, "keys that the outcome of their run should have freed", KEYS_NOT_FREED);
    none(tenant, "entries with another lane or rank than their run", ENTRIES_OUT_OF_PLACE);
    none(tenant, "lanes without a row of task_queues", LANES_NOT_KEPT);
    none(tenant, "runs without their task, queue, version or row of task_queues", RUNS_NOT_KEPT);
  }

  private static void none(Tenant tenant, String what, String sql) {
    assertThat(tenant.number(sql)).as(what).isZero();
  }

  private static final String RUNS_NOT_IN_ONE_PLACE =
      """
      select count(*)::int as n
        from runs r
       where r.environment_id = :environment
         and (select count(*) from ready_runs y
               where y.environment_id = r.environment_id and y.run_id = r.run_id)
           + (select count(*) from delays d
               where d.environment_id = r.environment_id and d.run_id = r.run_id)
           + (select count(*) from parked p
               where p.environment_id = r.environment_id and p.run_id = r.run_id)
           + (select count(*) from leases l
               where l.environment_id = r.environment_id and l.run_id = r.run_id)
           + (select count(*) from outcomes o
               where o.environment_id = r.environment_id and o.run_id = r.run_id) <> 1
      """;

  private static final String PLACES =
      """
      select (select count(*) from ready_runs y where y.environment_id = e.id)::int
           + (select count(*) from delays d where d.environment_id = e.id)::int
           + (select count(*) from parked p where p.environment_id = e.id)::int
           + (select count(*) from leases l where l.environment_id = e.id)::int
           + (select count(*) from outcomes o where o.environment_id = e.id)::int as n
        from (select :environment::int as id) as e
      """;

  private static final String BATCHES_COUNTED_WRONG =
      """
      select count(*)::int as n
        from batches b
       where b.environment_id = :environment
         and b.open_runs <> (select count(*)
                               from runs r
                              where r.environment_id = b.environment_id
                                and r.batch_id = b.batch_id
                                and not exists (select
                                                  from outcomes o
                                                 where o.environment_id = r.environment_id
                                                   and o.run_id = r.run_id))
      """;

  private static final String BATCHES_IN_A_WRONG_STATE =
      """
      select count(*)::int as n
        from batches b
       where b.environment_id = :environment
         and ((b.open_runs = 0) <> (b.status = 'COMPLETED')
              or (b.open_runs = 0) <> (b.completed_at is not null)
              or b.item_count <> (select sum(('x' || right(replace(i.last_id::text, '-', ''), 15))::bit(60)::int8
                                             - ('x' || right(replace(i.first_id::text, '-', ''), 15))::bit(60)::int8
                                             + 1)
                                    from unnest(b.first_ids, coalesce(b.last_ids, b.first_ids))
                                         as i (first_id, last_id)))
      """;

  private static final String SLOTS_COUNTED_WRONG =
      """
      select count(*)::int as n
        from slots s
       where s.environment_id = :environment
         and s.in_use <> (select count(*)
                            from leases e
                            join lanes l using (environment_id, lane_id)
                           where l.environment_id = s.environment_id
                             and l.queue_id = s.queue_id
                             and l.concurrency_key = s.concurrency_key)
      """;

  private static final String QUEUES_ABOVE_THEIR_LIMIT =
      """
      select count(*)::int as n
        from (select l.queue_id, l.concurrency_key
                from leases e
                join lanes l using (environment_id, lane_id)
                join queues q using (environment_id, queue_id)
               where e.environment_id = :environment
               group by l.queue_id, l.concurrency_key, q.concurrency_limit
              having count(*) > q.concurrency_limit) as above
      """;

  private static final String KEYS_OF_OTHER_RUNS =
      """
      select count(*)::int as n
        from idempotency_keys k
        join runs r on r.environment_id = k.environment_id and r.run_id = k.run_id
       where k.environment_id = :environment
         and (r.task_id is distinct from k.task_id
              or r.delay_until is null          -- others name the run they were coalesced into
                 and sha256(convert_to(r.idempotency_key, 'UTF8')) is distinct from k.key_hash)
      """;

  private static final String KEYS_NOT_FREED =
      """
      select count(*)::int as n
        from idempotency_keys k
        join outcomes o on o.environment_id = k.environment_id and o.run_id = k.run_id
        join runs r on r.environment_id = k.environment_id and r.run_id = k.run_id
       where k.environment_id = :environment
         and o.status not in ('COMPLETED', 'CANCELED')
         and sha256(convert_to(r.idempotency_key, 'UTF8')) = k.key_hash
      """;

  private static final String ENTRIES_OUT_OF_PLACE =
      """
      select count(*)::int as n
        from (select environment_id, run_id, lane_id, rank from ready_runs
              union all
              select environment_id, run_id, lane_id, rank from delays
              union all
              select environment_id, run_id, lane_id, rank from parked
              union all
              select environment_id, run_id, lane_id, rank from leases) as e
        join runs r using (environment_id, run_id)
       where r.environment_id = :environment
         and (e.lane_id <> r.lane_id or e.rank <> r.rank)
      """;

  private static final String LANES_NOT_KEPT =
      """
      select count(*)::int as n
        from lanes l
       where l.environment_id = :environment
         and not exists (select
                           from task_queues p
                          where p.environment_id = l.environment_id
                            and p.task_id = l.task_id
                            and p.queue_id = l.queue_id
                            and p.version_id = l.version_id)
      """;

  private static final String RUNS_NOT_KEPT =
      """
      select count(*)::int as n
        from runs r
        left join tasks t using (environment_id, task_id)
        left join queues q on q.environment_id = r.environment_id and q.queue_id = r.queue_id
        left join versions v on v.environment_id = r.environment_id
                            and v.version_id = r.version_id
        left join task_queues p on p.environment_id = r.environment_id
                               and p.task_id = r.task_id
                               and p.queue_id = r.queue_id
                               and p.version_id = coalesce(r.version_id, 0)
       where r.environment_id = :environment
         and (t.task_id is null or q.queue_id is null or p.task_id is null
              or r.version_id is not null and v.version_id is null)
      """;
}
