-- What a server with version 14 of the schema may leave behind when it is stopped: a run in each state,
-- named by its first tag, with what belongs to it. The dev environment is the first that is created.

-- The ids were made within this hour, so that they are not older than any retention.
create function pg_temp.id(n int) returns uuid language sql as $$
  select (lpad(to_hex((extract(epoch from date_trunc('hour', now())) * 1000)::int8), 12, '0')
          || '70008' || lpad(n::text, 15, '0'))::uuid
$$;

insert into queues (environment_id, name, concurrency_limit)
values (1, 'task/known', null), (1, 'limited', 1), (1, 'task/unknown', null);

insert into tasks (environment_id, slug, queue_id, registered_at, max_attempts, retry_min_ms,
                   retry_max_ms, retry_factor, retry_randomize)
values (1, 'known', 1, now(), 3, 0, 0, 1, false), (1, 'unknown', 3, null, 3, 0, 0, 1, false);

insert into versions (environment_id, version) values (1, 'v1');
insert into version_tasks values (1, 1, 1, 1);

insert into lanes (environment_id, queue_id, concurrency_key, task_id, version_id)
values (1, 1, '', 1, 0), (1, 1, 'customer', 1, 0), (1, 2, '', 1, 0), (1, 3, '', 2, 0), (1, 1, '', 1, 1);

insert into slots values (1, 2, '', 1);

insert into sessions (environment_id, session_id, name, version, slots, task_ids, opened_at, expires_at,
                      version_id)
values (1, pg_temp.id(900), 'dead', 'v1', 10, '{1}', now(), now() + interval '1 hour', 1);

create temp table made (n int, name text, lane int, payload text, payload_type text);
insert into made
values (1, 'queued', 1, '1', null),
       (2, 'keyed', 2, '2', null),
       (3, 'locked', 5, '3', null),
       (4, 'delayed', 1, '4', null),
       (5, 'debounced', 1, '5', null),
       (6, 'waiting', 1, '6', null),
       (7, 'pending', 4, '7', null),
       (8, 'executing', 1, '8', null),
       (9, 'dequeued', 1, '9', null),
       (10, 'canceling', 1, '10', null),
       (11, 'limited-executing', 3, '11', null),
       (12, 'limited', 3, '12', null),
       (13, 'completed', 1, '13', null),
       (14, 'failed', 1, '14', null),
       (15, 'crashed', 1, '15', null),
       (16, 'timed-out', 1, '16', null),
       (17, 'expired', 1, '17', null),
       (18, 'canceled', 1, '18', null),
       (19, 'system-failure', 1, '19', null),
       (20, 'packet', 1, '"p\/\u00fc"', 'application/store'),
       (21, 'packet-again', 1, '"p/ü"', 'application/store'),
       (22, 'packet-late', 1, '"p/late"', 'application/store'),
       (23, 'packet-invalid', 1, '"p\u0000"', 'application/store'),
       (24, 'packet-lone-surrogate', 1, '"p\ud83d"', 'application/store'),
       (25, 'packet-emoji', 1, '"p/\ud83d\ude00"', 'application/store'),
       (26, 'packet-elsewhere', 1, '"../' || repeat('x', 5000) || '"', 'application/store'),
       (27, 'child', 1, '27', null),
       (28, 'in-batch', 1, '28', null),
       (29, 'in-batch-completed', 1, '29', null),
       (30, 'mortal', 1, '30', null),
       (31, 'test', 1, '31', null);

insert into runs (environment_id, run_id, task_id, lane_id, rank, created_at, payload, payload_type,
                  metadata, tags, idempotency_key, source, is_test)
select 1, pg_temp.id(m.n), l.task_id, m.lane, m.n, now(), m.payload, m.payload_type,
       case when m.n % 2 = 0 then '{"n":' || m.n || '}' end, array['all', m.name], 'key ' || m.name,
       'API', m.name = 'test'
  from made m
  join lanes l on l.lane_id = m.lane;
insert into run_tags select 1, unnest(tags), run_id from runs;
insert into idempotency_keys
select 1, task_id, sha256(convert_to(idempotency_key, 'UTF8')), run_id, now() + interval '30 days'
  from runs
 where run_id not in (select pg_temp.id(n) from generate_series(14, 17) as n)
   and run_id <> pg_temp.id(19);
update runs set parent_run_id = pg_temp.id(8), root_run_id = pg_temp.id(8), depth = 1
 where run_id = pg_temp.id(27);
update runs set options = '{"machine":"small-2x","region":"eu"}' where run_id = pg_temp.id(31);

insert into ready
select 1, r.lane_id, r.rank, r.run_id, 0, 0, 0, null
  from runs r
 where run_id in (select pg_temp.id(n)
                    from unnest(array[1, 2, 3, 12, 20, 22, 23, 24, 25, 26, 27, 28, 30, 31]) as n);
insert into delays
select 1, r.run_id, now() + interval '1 hour', r.lane_id, r.rank, case when d.retry then 1 else 0 end,
       case when d.retry then 1 else 0 end, 0, case when d.retry then now() end,
       case when d.n = 5 then sha256(convert_to(r.task_id || ':debounce key', 'UTF8')) end
  from (values (4, false), (5, false), (6, true)) as d (n, retry)
  join runs r on r.run_id = pg_temp.id(d.n);
update runs set delay_until = now() + interval '1 hour' where run_id in (pg_temp.id(4), pg_temp.id(5));
insert into parked select 1, task_id, rank, run_id, lane_id from runs where run_id = pg_temp.id(7);
insert into leases (environment_id, run_id, session_id, fence, lane_id, rank, attempt, losses,
                    claimed_at, started_at, first_started_at, canceled_at, version_id)
select 1, r.run_id, pg_temp.id(900), 1, r.lane_id, r.rank, case when l.n = 9 then 0 else 1 end, 0, now(),
       case when l.n <> 9 then now() end, case when l.n <> 9 then now() end,
       case when l.n = 10 then now() end, 1
  from unnest(array[8, 9, 10, 11]) as l (n)
  join runs r on r.run_id = pg_temp.id(l.n);
insert into expiries
select 1, run_id, now() + interval '1 hour', lane_id, rank from runs where run_id = pg_temp.id(30);

insert into outcomes
select 1, pg_temp.id(o.n), o.status::run_status, 1, o.output, o.output_type,
       case when o.status <> 'COMPLETED'
            then '{"type":"BUILT_IN_ERROR","name":"Error","message":"m","stackTrace":""}'
       end,
       now(), now(), 5, o.version_id
  from (values (13, 'COMPLETED', '{"ok":true}', null, 1), (14, 'FAILED', null, null, 1),
               (15, 'CRASHED', null, null, 1), (16, 'TIMED_OUT', null, null, 1),
               (17, 'EXPIRED', null, null, 0), (18, 'CANCELED', null, null, 0),
               (19, 'SYSTEM_FAILURE', null, null, 1),
               (21, 'COMPLETED', 'p/output', 'application/store', 1),
               (29, 'COMPLETED', 'plain', 'text/plain', 1))
       as o (n, status, output, output_type, version_id);

insert into batches (environment_id, batch_id, status, open_runs, item_count, run_ids, idempotency_key,
                     created_at, sealed_at)
values (1, pg_temp.id(100), 'PENDING', 1, 2, array[pg_temp.id(28), pg_temp.id(29)], 'batch key', now(),
        now()),
       (1, pg_temp.id(101), 'PENDING', 0, 2, '{}', 'streamed key', now(), null);
update runs set batch_id = pg_temp.id(100), batch_index = case run_id when pg_temp.id(28) then 0 else 1 end
 where run_id in (pg_temp.id(28), pg_temp.id(29));
insert into batch_items
values (1, pg_temp.id(101), 0, 1, 1, '{"index":0,"task":"known","payload":"streamed"}', null);
insert into batch_keys
values (1, sha256('batch key'), pg_temp.id(100), now() + interval '30 days'),
       (1, sha256('streamed key'), pg_temp.id(101), now() + interval '30 days');

insert into packets
select 1, path, now(), true
  from unnest(array['p/ü', 'p/output', U&'p/\+01F600', 'p/of nobody']) as path;
insert into packet_bytes
select 1, path, pg_temp.id(800), 'text/plain', convert_to('bytes of ' || path, 'UTF8') from packets;
