-- A streamed batch may have a million runs. Their ids follow each other, unless older runs answer
-- items, so the ids are stored as ranges: the first id of each, and the last one. The column has a
-- new name because an older server would take the first ids for all there are. Rows from before
-- have ranges of one id each.
alter table batches rename column run_ids to first_ids;
alter table batches
  add column last_ids     uuid[],                     -- null: each range is one id
  add column stored_items integer not null default 0, -- of a streamed batch, until it is sealed
  add column failed_items integer;                    -- null: as many as there are in errors

update batches b
   set stored_items = (select count(*)
                         from batch_items i
                        where i.environment_id = b.environment_id
                          and i.batch_id = b.batch_id)
 where b.announced
   and b.sealed_at is null
   and b.status = 'PENDING';

-- Items of streamed batches that follow each other, are of one lane, and have nothing that is
-- decided when the batch is sealed. They are stored in the columns of the runs that they will be.
create table batch_parts (
  environment_id   integer not null,
  batch_id         uuid not null,
  first_index      integer not null,
  n                integer not null,
  lane_id          bigint not null,
  bytes            bigint not null,
  payloads         text[] not null,
  payload_types    text[],            -- this and the following: null if no item has one
  tags             text[],            -- each the literal of an array
  metadata         text[],
  options          text[],
  max_attempts     integer[],
  max_durations_ms bigint[],
  test_flags       boolean[],
  primary key (environment_id, batch_id, first_index)
);

-- Parts live for seconds; compressing them would take longer than writing them.
alter table batch_parts alter column payloads set storage external;
alter table batch_parts alter column metadata set storage external;
alter table batch_parts alter column options set storage external;

create or replace function least_schema() returns integer language sql immutable return 25;
