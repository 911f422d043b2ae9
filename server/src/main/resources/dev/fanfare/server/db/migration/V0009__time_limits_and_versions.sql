-- How long an attempt may run: what the trigger said, and what the task says. Absent: for ever.
alter table runs add column max_duration_ms bigint;
alter table tasks add column max_duration_ms bigint;
