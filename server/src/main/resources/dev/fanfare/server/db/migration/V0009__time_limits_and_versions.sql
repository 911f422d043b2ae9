-- How long an attempt may run: what the trigger said, and what the task says. Absent: for ever.
alter table runs add column max_duration_ms bigint;
alter table tasks add column max_duration_ms bigint;

-- How long a run of the task may be queued when its trigger does not say. Absent: for ever.
alter table tasks add column ttl_ms bigint;

-- The versions of their code that workers named, and the tasks of each with their queues then.
create table versions (
  environment_id int         not null,
  version_id     int         generated always as identity,
  version        text        not null,
  created_at     timestamptz not null default now(),
  primary key (environment_id, version_id),
  unique (environment_id, version)
);

create table version_tasks (
  environment_id int not null,
  version_id     int not null,
  task_id        int not null,
  queue_id       int not null,
  primary key (environment_id, version_id, task_id)
);

-- The runs of a lane may be locked to a version, or not: 0. So a claim passes by what is not its own.
alter table lanes add column version_id int not null default 0;
alter table lanes drop constraint lanes_environment_id_queue_id_concurrency_key_task_id_key;
alter table lanes add unique (environment_id, queue_id, concurrency_key, task_id, version_id);

-- What executes a run and what ended it; 0: it was not claimed, or before versions were kept.
alter table sessions add column version_id int not null default 0;
alter table leases add column version_id int not null default 0;
alter table outcomes add column version_id int not null default 0;

-- The version a run is bound to: locked to it, or executed by it at the moment, or at last.
create view run_versions as
select r.environment_id, r.run_id, v.version
  from runs r
  join lanes n on n.environment_id = r.environment_id and n.lane_id = r.lane_id
  left join outcomes o on o.environment_id = r.environment_id and o.run_id = r.run_id
  left join leases l on l.environment_id = r.environment_id and l.run_id = r.run_id
  join versions v on v.environment_id = r.environment_id
                 and v.version_id = case when n.version_id > 0 then n.version_id
                                         else coalesce(o.version_id, l.version_id) end;
