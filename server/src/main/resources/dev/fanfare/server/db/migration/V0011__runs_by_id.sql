-- run ------------------------------------------------------------------------------------------

-- While a table is empty, all indexes that know the columns of a condition cost the planner the same,
-- and it takes the newest. For a run's id that was runs_by_task, in which the task stands before the
-- id: so what was planned on a fresh database read all runs of the environment for each one looked
-- up. The key by which runs are looked up must be the newest index of its table.
alter table runs drop constraint runs_pkey;
alter table runs add primary key (environment_id, run_id);
