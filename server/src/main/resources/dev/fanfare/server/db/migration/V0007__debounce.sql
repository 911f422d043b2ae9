-- queue ----------------------------------------------------------------------------------------

-- A debounced run has its key only while it is delayed, so the key is part of the delay: whatever
-- takes the run out, the key is free with it. The hash is of the task and the key.
alter table delays add column debounce_hash bytea;       -- null: the run gathers no triggers

create unique index delays_debounce on delays (environment_id, debounce_hash)
 where debounce_hash is not null;
