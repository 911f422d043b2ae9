-- Rooms own tables; the comment above each group names the room.
--
-- Every table with tenants' data begins its key with environment_id and no statement joins across
-- environments, so that the same schema can be distributed by that column.
--
-- A run's row in `runs` is written once. What changes while it lives is *where it stands*, and that
-- is a row in exactly one narrow table: delays, parked, ready, leases or outcomes.

create type run_status as enum (
  'DELAYED', 'PENDING_VERSION', 'QUEUED', 'DEQUEUED', 'EXECUTING', 'WAITING',
  'COMPLETED', 'FAILED', 'CRASHED', 'SYSTEM_FAILURE', 'TIMED_OUT', 'EXPIRED', 'CANCELED');

create type batch_status as enum (
  'PENDING', 'PROCESSING', 'COMPLETED', 'PARTIAL_FAILED', 'ABORTED');

create type trigger_source as enum ('API', 'SDK', 'SCHEDULE', 'DASHBOARD');

-- access ---------------------------------------------------------------------------------------

create table environments (
  environment_id int         generated always as identity primary key,
  public_id      text        not null unique,
  project        text        not null,
  slug           text        not null,
  type           text        not null check (type in ('DEVELOPMENT', 'STAGING', 'PRODUCTION')),
  created_at     timestamptz not null default now(),
  unique (project, slug)
);

create table secret_keys (
  key_hash       bytea       primary key,              -- SHA-256 of the key's text
  key_id         int         generated always as identity unique,
  environment_id int         not null references environments,
  key_encrypted  bytea       not null,                 -- tokens are signed with the key's text
  created_at     timestamptz not null default now(),
  revoked_at     timestamptz
);

-- queue ----------------------------------------------------------------------------------------

create table queues (
  environment_id    int         not null,
  queue_id          int         generated always as identity,
  name              text        not null,
  concurrency_limit int         check (concurrency_limit > 0),
  created_at        timestamptz not null default now(),
  primary key (environment_id, queue_id),
  unique (environment_id, name)
);

-- A lane is one (queue, concurrency key, task): what a claim goes round.
create table lanes (
  environment_id  int  not null,
  lane_id         int  generated always as identity,
  queue_id        int  not null,
  concurrency_key text not null default '',
  task_id         int  not null,
  primary key (environment_id, lane_id),
  unique (environment_id, queue_id, concurrency_key, task_id)
);

-- Slots in use, for queues with a limit only: one row for each concurrency key.
create table slots (
  environment_id  int  not null,
  queue_id        int  not null,
  concurrency_key text not null,
  in_use          int  not null check (in_use >= 0),
  primary key (environment_id, queue_id, concurrency_key)
) with (fillfactor = 50);

-- QUEUED. Rank is the time it was queued less its priority, in microseconds.
create table ready (
  environment_id   int         not null,
  lane_id          int         not null,
  rank             bigint      not null,
  run_id           uuid        not null,
  fence            int         not null,
  attempt          smallint    not null,
  losses           smallint    not null,
  first_started_at timestamptz,
  primary key (environment_id, lane_id, rank, run_id)
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

-- DELAYED (attempt 0), or waiting for its next attempt.
create table delays (
  environment_id   int         not null,
  run_id           uuid        not null,
  due_at           timestamptz not null,
  lane_id          int         not null,
  rank             bigint      not null,
  fence            int         not null,
  attempt          smallint    not null,
  losses           smallint    not null,
  first_started_at timestamptz,
  primary key (environment_id, run_id)
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

create index delays_due on delays (environment_id, due_at);

-- PENDING_VERSION: no worker has registered the task yet.
create table parked (
  environment_id int    not null,
  task_id        int    not null,
  rank           bigint not null,
  run_id         uuid   not null,
  lane_id        int    not null,
  primary key (environment_id, task_id, rank, run_id)
);

-- task -----------------------------------------------------------------------------------------

create table tasks (
  environment_id  int         not null,
  task_id         int         generated always as identity,
  slug            text        not null,
  queue_id        int         not null,
  registered_at   timestamptz,                         -- null: triggered, but no worker has it yet
  max_attempts    int         not null,
  retry_min_ms    bigint      not null,
  retry_max_ms    bigint      not null,
  retry_factor    float8      not null,
  retry_randomize boolean     not null,
  primary key (environment_id, task_id),
  unique (environment_id, slug)
);

-- run ------------------------------------------------------------------------------------------

create table runs (
  environment_id      int         not null,
  run_id              uuid        not null,
  task_id             int         not null,
  lane_id             int         not null,
  rank                bigint      not null,
  created_at          timestamptz not null,
  batch_id            uuid,
  batch_index         int,
  payload             text,                            -- JSON text as it was sent
  payload_type        text,                            -- null: application/json
  metadata            text,
  tags                text[],
  idempotency_key     text,
  max_attempts        int,                             -- null: the task's policy
  delay_until         timestamptz,
  options             text,                            -- the options that act elsewhere, as JSON
  source              trigger_source not null,
  is_test             boolean     not null,
  primary key (environment_id, run_id)
);

create index runs_by_task on runs (environment_id, task_id, run_id);

create table run_tags (
  environment_id int  not null,
  tag            text not null,
  run_id         uuid not null,
  primary key (environment_id, tag, run_id)
);

create table idempotency_keys (
  environment_id int         not null,
  task_id        int         not null,
  key_hash       bytea       not null,
  run_id         uuid        not null,
  expires_at     timestamptz not null,
  primary key (environment_id, task_id, key_hash)
);

create index idempotency_keys_expiry on idempotency_keys (environment_id, expires_at);

-- Final. The primary key is the promise that a run ends once.
create table outcomes (
  environment_id int         not null,
  run_id         uuid        not null,
  status         run_status  not null,
  attempt        smallint    not null,
  output         text,
  output_type    text,
  error          text,                                 -- JSON text of the error
  started_at     timestamptz,
  finished_at    timestamptz not null,
  duration_ms    bigint      not null,
  primary key (environment_id, run_id)
);

-- lease ----------------------------------------------------------------------------------------

-- DEQUEUED (not started) or EXECUTING: held by one session under one fence.
create table leases (
  environment_id   int         not null,
  run_id           uuid        not null,
  session_id       uuid        not null,
  fence            int         not null,
  lane_id          int         not null,
  rank             bigint      not null,
  attempt          smallint    not null,               -- the last attempt that started
  losses           smallint    not null,
  claimed_at       timestamptz not null,
  started_at       timestamptz,                        -- null: the attempt has not started
  first_started_at timestamptz,
  batch_id         uuid,
  primary key (environment_id, run_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

-- Where every run stands, in one place: the status is read off the table that holds the run.
create view run_standing as
select r.environment_id,
       r.run_id,
       case when o.run_id is not null then o.status
            when l.run_id is not null and l.started_at is not null then 'EXECUTING'
            when l.run_id is not null then 'DEQUEUED'
            when d.run_id is not null and d.fence = 0 then 'DELAYED'
            when p.run_id is not null then 'PENDING_VERSION'
            else 'QUEUED'
       end::run_status as status,
       coalesce(o.attempt, l.attempt, d.attempt, y.attempt, 0) as attempt,
       coalesce(o.started_at, l.first_started_at, d.first_started_at, y.first_started_at) as started_at,
       o.finished_at,
       coalesce(o.finished_at, l.started_at, l.claimed_at, r.created_at) as updated_at,
       coalesce(o.duration_ms, 0) as duration_ms,
       o.output,
       o.output_type,
       o.error,
       case when d.fence = 0 then d.due_at end as due_at
  from runs r
  left join outcomes o on o.environment_id = r.environment_id and o.run_id = r.run_id
  left join leases l on l.environment_id = r.environment_id and l.run_id = r.run_id
  left join delays d on d.environment_id = r.environment_id and d.run_id = r.run_id
  left join parked p on p.environment_id = r.environment_id and p.task_id = r.task_id
                    and p.rank = r.rank and p.run_id = r.run_id
  left join ready y on y.environment_id = r.environment_id and y.lane_id = r.lane_id
                   and y.rank = r.rank and y.run_id = r.run_id;

-- batch ----------------------------------------------------------------------------------------

create table batches (
  environment_id  int         not null,
  batch_id        uuid        not null,
  status          batch_status not null,
  open_runs       int         not null,                -- own runs that are not final yet
  item_count      int         not null,
  run_ids         uuid[]      not null,                -- a run for each item, in item order
  idempotency_key text,
  created_at      timestamptz not null,
  completed_at    timestamptz,
  primary key (environment_id, batch_id)
) with (fillfactor = 80);

create table batch_keys (
  environment_id int         not null,
  key_hash       bytea       not null,
  batch_id       uuid        not null,
  expires_at     timestamptz not null,
  primary key (environment_id, key_hash)
);

-- A request that was answered: sent again, it gets the same answer.
create table request_keys (
  environment_id int         not null,
  key_hash       bytea       not null,
  answer_id      uuid        not null,                 -- the batch or run it made
  expires_at     timestamptz not null,
  primary key (environment_id, key_hash)
);

-- worker ---------------------------------------------------------------------------------------

create table sessions (
  environment_id int         not null,
  session_id     uuid        not null,
  name           text        not null,
  version        text        not null,
  slots          int         not null,
  task_ids       int[]       not null,
  opened_at      timestamptz not null,
  expires_at     timestamptz not null,
  primary key (environment_id, session_id)
) with (fillfactor = 50);
