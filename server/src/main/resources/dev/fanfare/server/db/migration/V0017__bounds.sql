-- packet ---------------------------------------------------------------------------------------

-- Which runs refer to which packets, by their payload or output. Partitioned like the runs: when a
-- partition is dropped, the packets that it names may have lost their last run.
create table packet_refs (
  environment_id int not null,
  run_id         uuid not null,
  path           text not null
) partition by range (run_id);
create table packet_refs_first partition of packet_refs for values from (minvalue) to (maxvalue);

-- The text of a JSON string; null for texts that PostgreSQL cannot hold.
create function pg_temp.text_of(quoted text) returns text language plpgsql as $$
begin
  return quoted::json #>> '{}';
exception when others then
  return null;
end
$$;

insert into packet_refs
select r.environment_id, r.run_id, p.path
  from runs r
  join packets p on p.environment_id = r.environment_id
                and p.path = pg_temp.text_of(r.payload)
 where r.payload_type = 'application/store'
   and r.payload like '"%'
union
select o.environment_id, o.run_id, p.path
  from outcomes o
  join packets p on p.environment_id = o.environment_id
                and p.path = o.output
 where o.output_type = 'application/store';

alter table packet_refs add primary key (environment_id, path, run_id);

-- From now on: false for a packet that no run may refer to, which a sweep checks. The packets of data
-- that debounced runs no longer have become such candidates here.
update packets p
   set used = false
 where used
   and not exists (select 1
                     from packet_refs r
                    where r.environment_id = p.environment_id
                      and r.path = p.path);
analyze packet_refs;
