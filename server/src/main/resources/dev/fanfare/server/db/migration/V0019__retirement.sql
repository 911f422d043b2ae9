-- Tasks, queues and versions that nobody uses any more are deleted, so that their names may come and go.
-- Each row is checked from time to time. The foreign keys refuse a row that refers to one which was
-- deleted meanwhile; the transaction then begins again, and inserts what it needs.

-- queue ----------------------------------------------------------------------------------------

alter table queues add column checked_at timestamptz not null default now();
create index queues_checked on queues (environment_id, checked_at);

-- Idle: it had neither a lane nor a run when it was last checked, and got no lane since.
alter table task_queues add column idle       boolean     not null default false;
alter table task_queues add column checked_at timestamptz not null default now();
-- For the foreign key: null if the runs are not locked to a version.
alter table task_queues add column locked_version_id int generated always as (nullif(version_id, 0)) stored;
create index task_queues_checked on task_queues (environment_id, checked_at);
create index task_queues_by_queue on task_queues (environment_id, queue_id);
create index task_queues_by_version on task_queues (environment_id, locked_version_id)
 where locked_version_id is not null;

create index lanes_by_task on lanes (environment_id, task_id, queue_id, version_id);

-- task -----------------------------------------------------------------------------------------

alter table tasks add column checked_at timestamptz not null default now();
create index tasks_checked on tasks (environment_id, checked_at);
create index tasks_by_queue on tasks (environment_id, queue_id);

alter table versions add column checked_at timestamptz not null default now();
create index versions_checked on versions (environment_id, checked_at);

-- Idle: no worker of the version had the task when it was last checked, nor was there a run locked to
-- them, and no worker has declared it since.
alter table version_tasks add column idle       boolean     not null default false;
alter table version_tasks add column checked_at timestamptz not null default now();
create index version_tasks_checked on version_tasks (environment_id, checked_at);
create index version_tasks_by_task on version_tasks (environment_id, task_id);
create index version_tasks_by_queue on version_tasks (environment_id, queue_id);

-- The key by which rows are looked up must be the newest index of its table: see V0018.
alter table task_queues drop constraint task_queues_pkey;
alter table task_queues add primary key (environment_id, task_id, queue_id, version_id);
alter table version_tasks drop constraint version_tasks_pkey;
alter table version_tasks add primary key (environment_id, version_id, task_id);
alter table lanes drop constraint lanes_environment_id_queue_id_concurrency_key_task_id_versi_key;
alter table lanes add unique (environment_id, queue_id, concurrency_key, task_id, version_id);
alter table lanes drop constraint lanes_pkey;
alter table lanes add primary key (environment_id, lane_id);

alter table tasks
  add foreign key (environment_id, queue_id) references queues;
alter table version_tasks
  add foreign key (environment_id, version_id) references versions,
  add foreign key (environment_id, task_id)    references tasks,
  add foreign key (environment_id, queue_id)   references queues;
alter table task_queues
  add foreign key (environment_id, task_id)           references tasks,
  add foreign key (environment_id, queue_id)          references queues,
  add foreign key (environment_id, locked_version_id) references versions;
