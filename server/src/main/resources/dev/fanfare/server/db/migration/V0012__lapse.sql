-- lease ----------------------------------------------------------------------------------------

-- When a sweep decided that the session lapsed. Until then it can be renewed, however late: while the
-- database is away, nobody can renew in time.
alter table sessions add column lapsed_at timestamptz;
