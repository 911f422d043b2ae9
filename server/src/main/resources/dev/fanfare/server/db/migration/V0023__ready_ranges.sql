-- An entry of `ready` stands for several runs of a lane that were triggered together and never claimed:
-- `n` runs, whose ids are greater than `floor_id` and at most `run_id`. No other run has such an id. Their
-- ranks begin with `rank` and follow each other.

alter table ready
  add column n        integer not null default 1,
  add column floor_id uuid,                       -- null: the entry is of one run
  add constraint ready_range check (n > 0 and (n = 1) = (floor_id is null));

-- The runs of all entries, for those who count or look.
create view ready_runs as
select y.environment_id, y.task_id, y.version_id, y.lane_id, y.rank, y.run_id, y.fence, y.attempt,
       y.losses, y.first_started_at
  from ready y
 where y.n = 1
union all
select y.environment_id, y.task_id, y.version_id, y.lane_id, r.rank, r.run_id, y.fence, y.attempt,
       y.losses, y.first_started_at
  from ready y
 cross join lateral (
         select x.rank, x.run_id
           from runs x
          where x.environment_id = y.environment_id
            and x.run_id > y.floor_id
            and x.run_id <= y.run_id) as r
 where y.n > 1;
