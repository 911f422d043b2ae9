-- lease ----------------------------------------------------------------------------------------

-- The poll that claimed the run, so that the session can get it again if the response was lost.
-- 0: the worker does not number its polls.
alter table leases add column poll_no integer not null default 0;

-- Polls with lower numbers claim nothing: their worker no longer waits for the response.
alter table sessions add column first_poll_no integer not null default 0;
