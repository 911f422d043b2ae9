-- access ---------------------------------------------------------------------------------------

-- A one-time token that has triggered something, kept until it would have ended by itself.
create table used_tokens (
  environment_id int         not null,
  token_hash     bytea       not null,
  expires_at     timestamptz not null,                 -- a day after the token's own end
  primary key (environment_id, token_hash)
);

create index used_tokens_expiry on used_tokens (environment_id, expires_at);
