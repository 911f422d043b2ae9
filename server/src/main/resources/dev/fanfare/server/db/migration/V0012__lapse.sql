-- lease ----------------------------------------------------------------------------------------

-- When a sweep decided that the session lapsed. Until then it can be renewed, however late: while the
-- database is away, nobody can renew in time.
alter table sessions add column lapsed_at timestamptz;

-- When the session was last told of the cancel. It is told again until the lease ends, because an answer
-- can be lost. cancel_told is for servers of the previous version only.
alter table leases add column told_at timestamptz;
drop index leases_untold;
create index leases_canceled on leases (environment_id, session_id) where canceled_at is not null;

-- How long an attempt may run; null: without limit. A worker that does not end it in time loses the run.
alter table leases add column max_duration_ms bigint;

-- How often the children of the run could not be canceled because the next one was in no table.
alter table cancellations add column tries int not null default 0;
