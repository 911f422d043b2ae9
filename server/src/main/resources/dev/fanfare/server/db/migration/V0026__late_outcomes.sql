-- Before old runs are dropped, the few are looked for that became final late. Outcomes are stored
-- in about the order of their times, so a few bytes for each megabyte say where such runs can be.
create index outcomes_by_time on outcomes using brin (finished_at);
