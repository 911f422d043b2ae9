-- The last of the runs of an entry. It has a new name because an older server takes an entry of several runs
-- for its last one and would lose the others: now its statements fail instead.
alter table ready rename column run_id to last_id;

-- The least version of the schema whose servers work with this one. A migration that older servers do not work
-- with replaces it: they notice, and are not ready any more.
create function least_schema() returns integer language sql immutable return 24;
