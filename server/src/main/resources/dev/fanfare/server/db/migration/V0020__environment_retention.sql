-- access ---------------------------------------------------------------------------------------

-- How long the runs of an environment are kept, in the form of FANFARE_RETENTION; null: as long as the
-- servers keep them.
alter table environments add column retention text;

-- storage --------------------------------------------------------------------------------------

-- How far the sweep has come that deletes the rows of environments with a shorter retention.
create table retention_walks (
  environment_id int         not null,
  -- what it visits: RUNS or BATCHES
  walk           text        not null,
  -- whatever has a lesser id was visited since
  after_id       uuid        not null,
  began_at       timestamptz not null,
  primary key (environment_id, walk)
);

-- packet ---------------------------------------------------------------------------------------

-- The references of runs that are deleted. The key by which packets are looked up must be the newest
-- index: see V0018.
create index packet_refs_by_run on packet_refs (environment_id, run_id);
alter table packet_refs drop constraint packet_refs_pkey;
alter table packet_refs add primary key (environment_id, path, run_id);
