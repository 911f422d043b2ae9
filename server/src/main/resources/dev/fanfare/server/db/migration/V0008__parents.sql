-- run ------------------------------------------------------------------------------------------

-- The run whose handler triggered this one. All null in a run without a parent.
alter table runs add column parent_run_id  uuid;
alter table runs add column root_run_id    uuid;         -- the first one up the line of parents
alter table runs add column depth          int;          -- how many stand above it
alter table runs add column resumes_parent boolean;      -- the parent goes on when this one ends

create index runs_by_parent on runs (environment_id, parent_run_id, run_id)
 where parent_run_id is not null;

-- batch ----------------------------------------------------------------------------------------

-- What a streamed batch was announced with, for the runs it becomes when it is sealed.
alter table batches add column parent_run_id  uuid;
alter table batches add column resumes_parent boolean;

-- lease ----------------------------------------------------------------------------------------

-- Runs that were canceled and have more descendants than one transaction takes: their children
-- behind `after_run_id` are still to be canceled.
create table cancellations (
  environment_id int         not null,
  run_id         uuid        not null,
  after_run_id   uuid        not null,
  primary key (environment_id, run_id)
);
