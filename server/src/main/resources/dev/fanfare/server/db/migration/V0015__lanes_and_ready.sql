-- queue ----------------------------------------------------------------------------------------

-- Lanes come and go: with a concurrency key for each customer, 32 bits do not last for years.
drop view run_standing, run_versions;

alter table lanes       alter column lane_id type bigint;

-- A lane that no run is in and that no trigger uses is deleted: first it is marked as idle, and after a
-- while deleted if no trigger has taken the mark away.
alter table lanes add column idle       boolean     not null default false;
alter table lanes add column checked_at timestamptz not null default now();
create index lanes_checked on lanes (environment_id, checked_at);

alter table delays      alter column lane_id type bigint;
alter table expiries    alter column lane_id type bigint;
alter table parked      alter column lane_id type bigint;
alter table leases      alter column lane_id type bigint;
alter table batch_items alter column lane_id type bigint;
-- In runs, the next migration does it, which copies them anyway.

create index delays_by_lane on delays (environment_id, lane_id);

-- The key begins with what decides whether a worker may take a run, so that a claim passes by the lanes
-- of other workers without reading them. Task and version are those of the lane.
alter table ready rename to ready_before;
alter table ready_before drop constraint ready_pkey;
create table ready (
  environment_id   int         not null,
  task_id          int         not null,
  version_id       int         not null,
  lane_id          bigint      not null,
  rank             bigint      not null,
  run_id           uuid        not null,
  fence            int         not null,
  attempt          smallint    not null,
  losses           smallint    not null,
  first_started_at timestamptz,
  primary key (environment_id, task_id, version_id, lane_id, rank, run_id)
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
insert into ready
select y.environment_id, l.task_id, l.version_id, y.lane_id, y.rank, y.run_id, y.fence, y.attempt,
       y.losses, y.first_started_at
  from ready_before y
  join lanes l on l.environment_id = y.environment_id and l.lane_id = y.lane_id;
drop table ready_before;

create view run_standing as
select r.environment_id,
       r.run_id,
       case when o.run_id is not null then o.status
            when l.canceled_at is not null then 'CANCELED'
            when l.run_id is not null and l.started_at is not null then 'EXECUTING'
            when l.run_id is not null then 'DEQUEUED'
            when d.run_id is not null and d.fence = 0 then 'DELAYED'
            when p.run_id is not null then 'PENDING_VERSION'
            else 'QUEUED'
       end::run_status as status,
       coalesce(o.attempt, l.attempt, d.attempt, y.attempt, 0) as attempt,
       coalesce(o.started_at, l.first_started_at, d.first_started_at, y.first_started_at) as started_at,
       o.finished_at,
       coalesce(o.finished_at, l.canceled_at, l.started_at, l.claimed_at, r.created_at) as updated_at,
       coalesce(o.duration_ms, 0) as duration_ms,
       o.output,
       o.output_type,
       case when l.canceled_at is not null then '{"type":"STRING_ERROR","raw":"Canceled by user"}'
            else o.error
       end as error,
       case when d.fence = 0 then d.due_at end as due_at
  from runs r
  left join outcomes o on o.environment_id = r.environment_id and o.run_id = r.run_id
  left join leases l on l.environment_id = r.environment_id and l.run_id = r.run_id
  left join delays d on d.environment_id = r.environment_id and d.run_id = r.run_id
  left join parked p on p.environment_id = r.environment_id and p.task_id = r.task_id
                    and p.rank = r.rank and p.run_id = r.run_id
  left join lanes n on n.environment_id = r.environment_id and n.lane_id = r.lane_id
  left join ready y on y.environment_id = r.environment_id and y.task_id = r.task_id
                   and y.version_id = n.version_id and y.lane_id = r.lane_id
                   and y.rank = r.rank and y.run_id = r.run_id;

create view run_versions as
select r.environment_id, r.run_id, v.version
  from runs r
  join lanes n on n.environment_id = r.environment_id and n.lane_id = r.lane_id
  left join outcomes o on o.environment_id = r.environment_id and o.run_id = r.run_id
  left join leases l on l.environment_id = r.environment_id and l.run_id = r.run_id
  join versions v on v.environment_id = r.environment_id
                 and v.version_id = case when n.version_id > 0 then n.version_id
                                         else coalesce(o.version_id, l.version_id) end;
