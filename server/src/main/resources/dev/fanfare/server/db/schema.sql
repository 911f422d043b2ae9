-- The schema after all migrations, for reading and review; it is never executed. A test
-- compares it with the migrations, and with -Dfanfare.schema.write=true rewrites it.

create type batch_status as enum (
  'PENDING',
  'PROCESSING',
  'COMPLETED',
  'PARTIAL_FAILED',
  'ABORTED');

create type run_status as enum (
  'DELAYED',
  'PENDING_VERSION',
  'QUEUED',
  'DEQUEUED',
  'EXECUTING',
  'WAITING',
  'COMPLETED',
  'FAILED',
  'CRASHED',
  'SYSTEM_FAILURE',
  'TIMED_OUT',
  'EXPIRED',
  'CANCELED');

create type trigger_source as enum (
  'API',
  'SDK',
  'SCHEDULE',
  'DASHBOARD');

create table batch_items (
  environment_id integer not null,
  batch_id       uuid not null,
  item_index     integer not null,
  task_id        integer not null,
  lane_id        bigint not null,
  item           text not null,
  error          text,
  constraint batch_items_pkey PRIMARY KEY (environment_id, batch_id, item_index)
);

create table batch_keys (
  environment_id integer not null,
  key_hash       bytea not null,
  batch_id       uuid not null,
  expires_at     timestamp with time zone not null,
  constraint batch_keys_pkey PRIMARY KEY (environment_id, key_hash)
);
CREATE INDEX batch_keys_expiry ON batch_keys USING btree (environment_id, expires_at);

create table batch_parts (
  environment_id   integer not null,
  batch_id         uuid not null,
  first_index      integer not null,
  n                integer not null,
  lane_id          bigint not null,
  bytes            bigint not null,
  payloads         text[] not null,
  payload_types    text[],
  tags             text[],
  metadata         text[],
  options          text[],
  max_attempts     integer[],
  max_durations_ms bigint[],
  test_flags       boolean[],
  constraint batch_parts_pkey PRIMARY KEY (environment_id, batch_id, first_index)
);

create table batches (
  environment_id  integer not null,
  batch_id        uuid not null,
  status          batch_status not null,
  open_runs       integer not null,
  item_count      integer not null,
  first_ids       uuid[] not null,
  idempotency_key text,
  created_at      timestamp with time zone not null,
  completed_at    timestamp with time zone,
  sealed_at       timestamp with time zone,
  errors          text,
  parent_run_id   uuid,
  resumes_parent  boolean,
  announced       boolean not null default false,
  last_ids        uuid[],
  stored_items    integer not null default 0,
  failed_items    integer,
  constraint batches_pkey PRIMARY KEY (environment_id, batch_id)
) partition by range (batch_id);
CREATE INDEX batches_unsealed ON batches USING btree (environment_id, created_at) WHERE ((sealed_at IS NULL) AND (status = 'PENDING'::batch_status));

create table cancellations (
  environment_id integer not null,
  run_id         uuid not null,
  after_run_id   uuid not null,
  tries          integer not null default 0,
  constraint cancellations_pkey PRIMARY KEY (environment_id, run_id)
);

create table delays (
  environment_id   integer not null,
  run_id           uuid not null,
  due_at           timestamp with time zone not null,
  lane_id          bigint not null,
  rank             bigint not null,
  fence            integer not null,
  attempt          smallint not null,
  losses           smallint not null,
  first_started_at timestamp with time zone,
  debounce_hash    bytea,
  constraint delays_pkey PRIMARY KEY (environment_id, run_id)
) partition by list (environment_id);
CREATE INDEX delays_by_lane ON delays USING btree (environment_id, lane_id);
CREATE UNIQUE INDEX delays_debounce ON delays USING btree (environment_id, debounce_hash) WHERE (debounce_hash IS NOT NULL);
CREATE INDEX delays_due ON delays USING btree (environment_id, due_at);

create table environments (
  environment_id integer not null generated always as identity,
  public_id      text not null,
  project        text not null,
  slug           text not null,
  type           text not null,
  created_at     timestamp with time zone not null default now(),
  retention      text,
  constraint environments_pkey PRIMARY KEY (environment_id),
  constraint environments_project_slug_key UNIQUE (project, slug),
  constraint environments_public_id_key UNIQUE (public_id),
  constraint environments_type_check CHECK ((type = ANY (ARRAY['DEVELOPMENT'::text, 'STAGING'::text, 'PRODUCTION'::text])))
);

create table expiries (
  environment_id integer not null,
  run_id         uuid not null,
  expires_at     timestamp with time zone not null,
  lane_id        bigint not null,
  rank           bigint not null,
  constraint expiries_pkey PRIMARY KEY (environment_id, run_id)
) with (autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_cost_delay=0);
CREATE INDEX expiries_due ON expiries USING btree (environment_id, expires_at);

create table idempotency_keys (
  environment_id integer not null,
  task_id        integer not null,
  key_hash       bytea not null,
  run_id         uuid not null,
  expires_at     timestamp with time zone not null,
  constraint idempotency_keys_pkey PRIMARY KEY (environment_id, task_id, key_hash)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys USING btree (environment_id, expires_at);

create table lanes (
  environment_id  integer not null,
  lane_id         bigint not null generated always as identity,
  queue_id        integer not null,
  concurrency_key text not null default ''::text,
  task_id         integer not null,
  version_id      integer not null default 0,
  idle            boolean not null default false,
  checked_at      timestamp with time zone not null default now(),
  constraint lanes_pkey PRIMARY KEY (environment_id, lane_id),
  constraint lanes_environment_id_queue_id_concurrency_key_task_id_versi_key UNIQUE (environment_id, queue_id, concurrency_key, task_id, version_id)
);
CREATE INDEX lanes_by_task ON lanes USING btree (environment_id, task_id, queue_id, version_id);
CREATE INDEX lanes_checked ON lanes USING btree (environment_id, checked_at);

create table leases (
  environment_id   integer not null,
  run_id           uuid not null,
  session_id       uuid not null,
  fence            integer not null,
  lane_id          bigint not null,
  rank             bigint not null,
  attempt          smallint not null,
  losses           smallint not null,
  claimed_at       timestamp with time zone not null,
  started_at       timestamp with time zone,
  first_started_at timestamp with time zone,
  batch_id         uuid,
  canceled_at      timestamp with time zone,
  cancel_told      boolean not null default false,
  version_id       integer not null default 0,
  told_at          timestamp with time zone,
  max_duration_ms  bigint,
  poll_no          integer not null default 0,
  constraint leases_pkey PRIMARY KEY (environment_id, run_id)
) partition by list (environment_id);
CREATE INDEX leases_canceled ON leases USING btree (environment_id, session_id) WHERE (canceled_at IS NOT NULL);

create table outcomes (
  environment_id integer not null,
  run_id         uuid not null,
  status         run_status not null,
  attempt        smallint not null,
  output         text,
  output_type    text,
  error          text,
  started_at     timestamp with time zone,
  finished_at    timestamp with time zone not null,
  duration_ms    bigint not null,
  version_id     integer not null default 0,
  constraint outcomes_pkey PRIMARY KEY (environment_id, run_id)
) partition by range (run_id);
CREATE INDEX outcomes_by_time ON outcomes USING brin (finished_at);
CREATE INDEX outcomes_by_version ON outcomes USING btree (environment_id, version_id, status, run_id);

create table packet_bytes (
  environment_id integer not null,
  path           text not null,
  version        uuid not null,
  content_type   text not null,
  bytes          bytea not null,
  constraint packet_bytes_pkey PRIMARY KEY (environment_id, path)
);

create table packet_refs (
  environment_id integer not null,
  run_id         uuid not null,
  path           text not null,
  constraint packet_refs_pkey PRIMARY KEY (environment_id, path, run_id)
) partition by range (run_id);
CREATE INDEX packet_refs_by_run ON packet_refs USING btree (environment_id, run_id);

create table packets (
  environment_id integer not null,
  path           text not null,
  stored_at      timestamp with time zone not null,
  used           boolean not null default false,
  constraint packets_pkey PRIMARY KEY (environment_id, path)
);
CREATE INDEX packets_unused ON packets USING btree (environment_id, stored_at) WHERE (NOT used);

create table parked (
  environment_id integer not null,
  task_id        integer not null,
  rank           bigint not null,
  run_id         uuid not null,
  lane_id        bigint not null,
  constraint parked_pkey PRIMARY KEY (environment_id, task_id, rank, run_id)
);

create table queues (
  environment_id    integer not null,
  queue_id          integer not null generated always as identity,
  name              text not null,
  concurrency_limit integer,
  created_at        timestamp with time zone not null default now(),
  checked_at        timestamp with time zone not null default now(),
  constraint queues_pkey PRIMARY KEY (environment_id, queue_id),
  constraint queues_concurrency_limit_check CHECK ((concurrency_limit > 0)),
  constraint queues_environment_id_name_key UNIQUE (environment_id, name)
);
CREATE INDEX queues_checked ON queues USING btree (environment_id, checked_at);

create table ready (
  environment_id   integer not null,
  task_id          integer not null,
  version_id       integer not null,
  lane_id          bigint not null,
  rank             bigint not null,
  last_id          uuid not null,
  fence            integer not null,
  attempt          smallint not null,
  losses           smallint not null,
  first_started_at timestamp with time zone,
  n                integer not null default 1,
  floor_id         uuid,
  constraint ready_pkey PRIMARY KEY (environment_id, task_id, version_id, lane_id, rank, last_id),
  constraint ready_range CHECK (((n > 0) AND ((n = 1) = (floor_id IS NULL))))
) partition by list (environment_id);

create table request_keys (
  environment_id integer not null,
  key_hash       bytea not null,
  answer_id      uuid not null,
  expires_at     timestamp with time zone not null,
  cached         boolean not null default false,
  cached_items   integer[],
  constraint request_keys_pkey PRIMARY KEY (environment_id, key_hash)
);
CREATE INDEX request_keys_expiry ON request_keys USING btree (environment_id, expires_at);

create table retention_walks (
  environment_id integer not null,
  walk           text not null,
  after_id       uuid not null,
  began_at       timestamp with time zone not null,
  constraint retention_walks_pkey PRIMARY KEY (environment_id, walk)
);

create table run_metadata (
  environment_id integer not null,
  run_id         uuid not null,
  metadata       text not null,
  constraint run_metadata_pkey PRIMARY KEY (environment_id, run_id)
) partition by range (run_id);

create table run_tags (
  environment_id integer not null,
  tag            text not null,
  run_id         uuid not null,
  constraint run_tags_pkey PRIMARY KEY (environment_id, tag, run_id)
) partition by range (run_id);

create table runs (
  environment_id  integer not null,
  run_id          uuid not null,
  task_id         integer not null,
  queue_id        integer not null,
  concurrency_key text,
  version_id      integer,
  lane_id         bigint not null,
  rank            bigint not null,
  created_at      timestamp with time zone not null,
  batch_id        uuid,
  batch_index     integer,
  payload         text,
  payload_type    text,
  tags            text[],
  idempotency_key text,
  max_attempts    integer,
  delay_until     timestamp with time zone,
  options         text,
  source          trigger_source not null,
  is_test         boolean not null,
  ttl_ms          bigint,
  parent_run_id   uuid,
  root_run_id     uuid,
  depth           integer,
  resumes_parent  boolean,
  max_duration_ms bigint,
  constraint runs_pkey PRIMARY KEY (environment_id, run_id)
) partition by range (run_id);
CREATE INDEX runs_by_machine ON runs USING btree (environment_id, (((options)::json ->> 'machine'::text)), run_id) WHERE (((options)::json ->> 'machine'::text) IS NOT NULL);
CREATE INDEX runs_by_parent ON runs USING btree (environment_id, parent_run_id, run_id) WHERE (parent_run_id IS NOT NULL);
CREATE INDEX runs_by_region ON runs USING btree (environment_id, (((options)::json ->> 'region'::text)), run_id) WHERE (((options)::json ->> 'region'::text) IS NOT NULL);
CREATE INDEX runs_by_task ON runs USING btree (environment_id, task_id, queue_id, run_id);
CREATE INDEX runs_by_version ON runs USING btree (environment_id, version_id, run_id) WHERE (version_id IS NOT NULL);
CREATE INDEX runs_tests ON runs USING btree (environment_id, is_test, run_id) WHERE (is_test IS NOT FALSE);

create table secret_keys (
  key_hash       bytea not null,
  key_id         integer not null generated always as identity,
  environment_id integer not null,
  key_encrypted  bytea not null,
  created_at     timestamp with time zone not null default now(),
  revoked_at     timestamp with time zone,
  constraint secret_keys_pkey PRIMARY KEY (key_hash),
  constraint secret_keys_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES environments(environment_id),
  constraint secret_keys_key_id_key UNIQUE (key_id)
);

create table sessions (
  environment_id integer not null,
  session_id     uuid not null,
  name           text not null,
  version        text not null,
  slots          integer not null,
  task_ids       integer[] not null,
  opened_at      timestamp with time zone not null,
  expires_at     timestamp with time zone not null,
  version_id     integer not null default 0,
  lapsed_at      timestamp with time zone,
  first_poll_no  integer not null default 0,
  constraint sessions_pkey PRIMARY KEY (environment_id, session_id)
) with (fillfactor=50);

create table slots (
  environment_id  integer not null,
  queue_id        integer not null,
  concurrency_key text not null,
  in_use          integer not null,
  constraint slots_pkey PRIMARY KEY (environment_id, queue_id, concurrency_key),
  constraint slots_in_use_check CHECK ((in_use >= 0))
) partition by list (environment_id);

create table task_queues (
  environment_id    integer not null,
  task_id           integer not null,
  queue_id          integer not null,
  version_id        integer not null,
  idle              boolean not null default false,
  checked_at        timestamp with time zone not null default now(),
  locked_version_id integer generated always as NULLIF(version_id, 0) stored,
  constraint task_queues_pkey PRIMARY KEY (environment_id, task_id, queue_id, version_id),
  constraint task_queues_environment_id_locked_version_id_fkey FOREIGN KEY (environment_id, locked_version_id) REFERENCES versions(environment_id, version_id),
  constraint task_queues_environment_id_queue_id_fkey FOREIGN KEY (environment_id, queue_id) REFERENCES queues(environment_id, queue_id),
  constraint task_queues_environment_id_task_id_fkey FOREIGN KEY (environment_id, task_id) REFERENCES tasks(environment_id, task_id)
);
CREATE INDEX task_queues_by_queue ON task_queues USING btree (environment_id, queue_id);
CREATE INDEX task_queues_by_version ON task_queues USING btree (environment_id, locked_version_id) WHERE (locked_version_id IS NOT NULL);
CREATE INDEX task_queues_checked ON task_queues USING btree (environment_id, checked_at);

create table tasks (
  environment_id  integer not null,
  task_id         integer not null generated always as identity,
  slug            text not null,
  queue_id        integer not null,
  registered_at   timestamp with time zone,
  max_attempts    integer not null,
  retry_min_ms    bigint not null,
  retry_max_ms    bigint not null,
  retry_factor    double precision not null,
  retry_randomize boolean not null,
  max_duration_ms bigint,
  ttl_ms          bigint,
  checked_at      timestamp with time zone not null default now(),
  constraint tasks_pkey PRIMARY KEY (environment_id, task_id),
  constraint tasks_environment_id_queue_id_fkey FOREIGN KEY (environment_id, queue_id) REFERENCES queues(environment_id, queue_id),
  constraint tasks_environment_id_slug_key UNIQUE (environment_id, slug)
);
CREATE INDEX tasks_by_queue ON tasks USING btree (environment_id, queue_id);
CREATE INDEX tasks_checked ON tasks USING btree (environment_id, checked_at);

create table used_tokens (
  environment_id integer not null,
  token_hash     bytea not null,
  expires_at     timestamp with time zone not null,
  constraint used_tokens_pkey PRIMARY KEY (environment_id, token_hash)
);
CREATE INDEX used_tokens_expiry ON used_tokens USING btree (environment_id, expires_at);

create table version_tasks (
  environment_id integer not null,
  version_id     integer not null,
  task_id        integer not null,
  queue_id       integer not null,
  idle           boolean not null default false,
  checked_at     timestamp with time zone not null default now(),
  constraint version_tasks_pkey PRIMARY KEY (environment_id, version_id, task_id),
  constraint version_tasks_environment_id_queue_id_fkey FOREIGN KEY (environment_id, queue_id) REFERENCES queues(environment_id, queue_id),
  constraint version_tasks_environment_id_task_id_fkey FOREIGN KEY (environment_id, task_id) REFERENCES tasks(environment_id, task_id),
  constraint version_tasks_environment_id_version_id_fkey FOREIGN KEY (environment_id, version_id) REFERENCES versions(environment_id, version_id)
);
CREATE INDEX version_tasks_by_queue ON version_tasks USING btree (environment_id, queue_id);
CREATE INDEX version_tasks_by_task ON version_tasks USING btree (environment_id, task_id);
CREATE INDEX version_tasks_checked ON version_tasks USING btree (environment_id, checked_at);

create table versions (
  environment_id integer not null,
  version_id     integer not null generated always as identity,
  version        text not null,
  created_at     timestamp with time zone not null default now(),
  checked_at     timestamp with time zone not null default now(),
  constraint versions_pkey PRIMARY KEY (environment_id, version_id),
  constraint versions_environment_id_version_key UNIQUE (environment_id, version)
);
CREATE INDEX versions_checked ON versions USING btree (environment_id, checked_at);

create view ready_runs as
 SELECT y.environment_id,
    y.task_id,
    y.version_id,
    y.lane_id,
    y.rank,
    y.last_id AS run_id,
    y.fence,
    y.attempt,
    y.losses,
    y.first_started_at
   FROM ready y
  WHERE y.n = 1
UNION ALL
 SELECT y.environment_id,
    y.task_id,
    y.version_id,
    y.lane_id,
    r.rank,
    r.run_id,
    y.fence,
    y.attempt,
    y.losses,
    y.first_started_at
   FROM ready y
     CROSS JOIN LATERAL ( SELECT x.rank,
            x.run_id
           FROM runs x
          WHERE x.environment_id = y.environment_id AND x.run_id > y.floor_id AND x.run_id <= y.last_id) r
  WHERE y.n > 1;

CREATE OR REPLACE FUNCTION least_schema()
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
RETURN 25;
