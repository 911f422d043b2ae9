-- packet ---------------------------------------------------------------------------------------

-- What was uploaded, wherever its bytes are. A row is written before its bytes and deleted after
-- them, so that no bytes are without a row.
create table packets (
  environment_id int         not null,
  path           text        not null,
  stored_at      timestamptz not null,               -- the last upload
  used           boolean     not null default false, -- a run refers to it: it stays
  primary key (environment_id, path)
);

create index packets_unused on packets (environment_id, stored_at) where not used;

-- The bytes, when they are in the database.
create table packet_bytes (
  environment_id int   not null,
  path           text  not null,
  version        uuid  not null,                     -- of the upload, for readers in the middle
  content_type   text  not null,
  bytes          bytea not null,
  primary key (environment_id, path)
);

-- Not compressed, so that a slice is read without what stands before it.
alter table packet_bytes alter column bytes set storage external;
