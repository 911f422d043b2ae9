-- How long an attempt may run: what the trigger said, and what the task says. Absent: for ever.
alter table runs add column max_duration_ms bigint;
alter table tasks add column max_duration_ms bigint;

-- How long a run of the task may be queued when its trigger does not say. Absent: for ever.
alter table tasks add column ttl_ms bigint;
