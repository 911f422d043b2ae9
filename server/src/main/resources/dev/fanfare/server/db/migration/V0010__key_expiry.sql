-- run, batch -----------------------------------------------------------------------------------

-- Like the other keys, these are looked for by their end once a minute: without an index, among all
-- that are still in force.
create index request_keys_expiry on request_keys (environment_id, expires_at);
create index batch_keys_expiry on batch_keys (environment_id, expires_at);
