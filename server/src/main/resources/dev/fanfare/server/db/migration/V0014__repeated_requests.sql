-- trigger ----------------------------------------------------------------------------------------

-- What the first response said, so that the response to a repeated request says the same: whether
-- an older run or batch answered the request, and which items of a new batch older runs answered.
alter table request_keys
  add column cached       boolean not null default false,
  add column cached_items integer[];

-- batch -----------------------------------------------------------------------------------------

-- Whether a batch was announced and its items streamed. A batch key belongs to one kind of batch.
alter table batches
  add column announced boolean not null default false;
