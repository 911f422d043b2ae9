-- run ------------------------------------------------------------------------------------------

-- Lists find the runs of a filter in the order of their ids, newest first.
create index outcomes_by_version on outcomes (environment_id, version_id, status, run_id);

create index runs_by_machine on runs (environment_id, (options::json ->> 'machine'), run_id)
 where options::json ->> 'machine' is not null;

create index runs_by_region on runs (environment_id, (options::json ->> 'region'), run_id)
 where options::json ->> 'region' is not null;

create index runs_by_version on runs (environment_id, version_id, run_id)
 where version_id is not null;

create index runs_tests on runs (environment_id, is_test, run_id) where is_test is not false;

-- The key by which rows are looked up must be the newest index of its table: while a table is
-- empty, the planner takes the newest of the indexes that know the columns of a condition.
alter table outcomes drop constraint outcomes_pkey;
alter table outcomes add primary key (environment_id, run_id);
alter table runs drop constraint runs_pkey;
alter table runs add primary key (environment_id, run_id);
