-- run ------------------------------------------------------------------------------------------

alter table runs add column ttl_ms bigint;               -- how long it may be queued; null: for ever

-- queue ----------------------------------------------------------------------------------------

-- When a queued run with a time to live expires, and where it stands until then. A row is not taken
-- back when its run is claimed or canceled: the sweep finds nothing to expire and drops it.
create table expiries (
  environment_id int         not null,
  run_id         uuid        not null,
  expires_at     timestamptz not null,
  lane_id        int         not null,
  rank           bigint      not null,
  primary key (environment_id, run_id)
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

create index expiries_due on expiries (environment_id, expires_at);
