-- Everything that grows with the runs is partitioned by the time in its ids, so that what is older than
-- the retention can be dropped as a whole. The partitions of a table are contiguous: the first begins
-- at MINVALUE, the last ends at MAXVALUE, and the server splits the last one ahead of time. The tables
-- are copied: about half a minute for a million small runs on two cores.

-- run ------------------------------------------------------------------------------------------

drop view run_standing;
drop view run_versions;

alter table runs rename to runs_before;
alter table runs_before drop constraint runs_pkey;
drop index runs_by_parent;
drop index runs_by_task;

create table runs (
  environment_id  int not null,
  run_id          uuid not null,
  task_id         int not null,
  queue_id        int not null,
  -- null: none
  concurrency_key text,
  -- the version that the run is locked to; null: none
  version_id      int,
  lane_id         bigint not null,
  rank            bigint not null,
  created_at      timestamptz not null,
  batch_id        uuid,
  batch_index     int,
  payload         text,
  payload_type    text,
  tags            text[],
  idempotency_key text,
  max_attempts    int,
  delay_until     timestamptz,
  options         text,
  source          trigger_source not null,
  is_test         boolean not null,
  ttl_ms          bigint,
  parent_run_id   uuid,
  root_run_id     uuid,
  depth           int,
  resumes_parent  boolean,
  max_duration_ms bigint
) partition by range (run_id);
create table runs_first partition of runs for values from (minvalue) to (maxvalue);

-- The metadata of a run, which workers change often: in the wide row, each change would write the row
-- again. A run without metadata has no row.
create table run_metadata (
  environment_id int not null,
  run_id         uuid not null,
  metadata       text not null
) partition by range (run_id);
create table run_metadata_first partition of run_metadata for values from (minvalue) to (maxvalue)
  with (fillfactor = 70);

insert into runs
select r.environment_id, r.run_id, r.task_id, l.queue_id, nullif(l.concurrency_key, ''),
       nullif(l.version_id, 0), r.lane_id, r.rank, r.created_at, r.batch_id, r.batch_index, r.payload,
       r.payload_type, r.tags, r.idempotency_key, r.max_attempts, r.delay_until, r.options, r.source,
       r.is_test, r.ttl_ms, r.parent_run_id, r.root_run_id, r.depth, r.resumes_parent,
       r.max_duration_ms
  from runs_before r
  join lanes l on l.environment_id = r.environment_id and l.lane_id = r.lane_id;

insert into run_metadata
select environment_id, run_id, metadata
  from runs_before
 where metadata is not null;

drop table runs_before;

-- The key by which rows are looked up must be the newest index of its table: see V0011.
create index runs_by_parent on runs (environment_id, parent_run_id, run_id)
 where parent_run_id is not null;
create index runs_by_task on runs (environment_id, task_id, queue_id, run_id);
alter table runs add primary key (environment_id, run_id);
alter table run_metadata add primary key (environment_id, run_id);

alter table run_tags rename to run_tags_before;
alter table run_tags_before drop constraint run_tags_pkey;
create table run_tags (
  environment_id int not null,
  tag            text not null,
  run_id         uuid not null
) partition by range (run_id);
create table run_tags_first partition of run_tags for values from (minvalue) to (maxvalue);
insert into run_tags
select environment_id, tag, run_id
  from run_tags_before;
drop table run_tags_before;
alter table run_tags add primary key (environment_id, tag, run_id);

alter table outcomes rename to outcomes_before;
alter table outcomes_before drop constraint outcomes_pkey;
create table outcomes (
  environment_id int not null,
  run_id         uuid not null,
  status         run_status not null,
  attempt        smallint not null,
  output         text,
  output_type    text,
  error          text,
  started_at     timestamptz,
  finished_at    timestamptz not null,
  duration_ms    bigint not null,
  version_id     int not null default 0
) partition by range (run_id);
create table outcomes_first partition of outcomes for values from (minvalue) to (maxvalue);
insert into outcomes
select environment_id, run_id, status, attempt, output, output_type, error, started_at, finished_at,
       duration_ms, version_id
  from outcomes_before;
drop table outcomes_before;
alter table outcomes add primary key (environment_id, run_id);

-- batch ----------------------------------------------------------------------------------------

alter table batches rename to batches_before;
alter table batches_before drop constraint batches_pkey;
drop index batches_unsealed;
create table batches (
  environment_id  int not null,
  batch_id        uuid not null,
  status          batch_status not null,
  open_runs       int not null,
  item_count      int not null,
  run_ids         uuid[] not null,
  idempotency_key text,
  created_at      timestamptz not null,
  completed_at    timestamptz,
  sealed_at       timestamptz,
  errors          text,
  parent_run_id   uuid,
  resumes_parent  boolean,
  announced       boolean not null default false
) partition by range (batch_id);
create table batches_first partition of batches for values from (minvalue) to (maxvalue)
  with (fillfactor = 80);
-- Batches that were announced before V0014 do not say so. Those of one request were sealed when they
-- were created.
insert into batches
select environment_id, batch_id, status, open_runs, item_count, run_ids, idempotency_key, created_at,
       completed_at, sealed_at, errors, parent_run_id, resumes_parent,
       announced or sealed_at is distinct from created_at
  from batches_before;
drop table batches_before;
create index batches_unsealed on batches (environment_id, created_at)
 where sealed_at is null and status = 'PENDING';
alter table batches add primary key (environment_id, batch_id);

-- queue ----------------------------------------------------------------------------------------

-- In which queues the runs of a task are, or were: by queue, lists find runs by the task.
create table task_queues (
  environment_id int not null,
  task_id        int not null,
  queue_id       int not null,
  -- the version that the runs are locked to; 0: none
  version_id     int not null,
  primary key (environment_id, task_id, queue_id, version_id)
);
insert into task_queues
select distinct environment_id, task_id, queue_id, version_id
  from lanes;

-- Also the indexes of lanes and delays must not be newer than the keys by which their rows are looked up.
alter table lanes drop constraint lanes_pkey;
alter table lanes add primary key (environment_id, lane_id);
alter table delays drop constraint delays_pkey;
alter table delays add primary key (environment_id, run_id);

-- The statistics of the tables that were copied. For an empty table, none are better than those.
do $$
begin
  if exists (select from runs) then
    analyze runs, run_metadata, run_tags, outcomes, batches;
  end if;
end
$$;
