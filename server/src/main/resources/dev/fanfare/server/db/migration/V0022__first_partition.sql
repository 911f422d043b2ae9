-- The runs of an older database are in one partition that is open to the future. It ends here, in a week or
-- two: reading all its rows to check that takes long if there are many, and a migration has the time.
do $$
declare
  monday constant timestamptz := date_trunc('week', now() at time zone 'UTC' + interval '15 days') at time zone 'UTC';
  bound  constant uuid := (lpad(to_hex((extract(epoch from monday) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
  part   record;
  later  boolean;
begin
  for part in
    select *
      from (values ('runs', 'run_id', 100), ('outcomes', 'run_id', 100), ('run_tags', 'run_id', 100),
                   ('run_metadata', 'run_id', 70), ('packet_refs', 'run_id', 100), ('batches', 'batch_id', 80))
           as t (name, id, fill)
     where pg_relation_size(to_regclass(name || '_first')) > 0
       and (select count(*) from pg_inherits where inhparent = name::regclass) = 1
  loop
    execute format('select exists (select from %s where %s >= %L)', part.name, part.id, bound) into later;
    if not later then
      execute format('alter table %1$s detach partition %1$s_first', part.name);
      execute format('alter table %1$s attach partition %1$s_first for values from (minvalue) to (%2$L)', part.name, bound);
      execute format('create table %1$s_%2$s partition of %1$s for values from (%3$L) to (maxvalue) with (fillfactor = %4$s)',
                     part.name, to_char(monday at time zone 'UTC', 'YYYYMMDD'), bound, part.fill);
    end if;
  end loop;
end
$$;
