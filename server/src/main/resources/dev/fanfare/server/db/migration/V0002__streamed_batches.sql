-- batch ----------------------------------------------------------------------------------------

-- A streamed batch is announced first and its items come later; it has no runs until it is sealed.
alter table batches add column sealed_at timestamptz;
alter table batches add column errors text;              -- JSON: items that could not be triggered

update batches set sealed_at = created_at;

create index batches_unsealed on batches (environment_id, created_at)
 where sealed_at is null and status = 'PENDING';

-- Items of unsealed batches.
create table batch_items (
  environment_id int  not null,
  batch_id       uuid not null,
  item_index     int  not null,
  task_id        int  not null,
  lane_id        int  not null,
  item           text not null,                          -- JSON text as it was sent
  error          text,                                   -- why it becomes a run that failed
  primary key (environment_id, batch_id, item_index)
);
