-- packet ---------------------------------------------------------------------------------------

-- Which runs refer to which packets, by their payload or output. Partitioned like the runs: when a
-- partition is dropped, the packets that it names may have lost their last run.
create table packet_refs (
  environment_id int not null,
  run_id         uuid not null,
  path           text not null
) partition by range (run_id);
create table packet_refs_first partition of packet_refs for values from (minvalue) to (maxvalue);

-- As a trigger or a report would record them, also if the packet is not stored (yet). A payload is a
-- JSON string. Those that PostgreSQL cannot read are not valid paths, because of U+0000 or a lone
-- surrogate. Materialized: the texts are computed once for each run.
insert into packet_refs
with named as materialized (
  select environment_id, run_id,
         case when payload !~ '\\u0000'
               and regexp_replace(payload, '\\u[dD][89abAB]..\\u[dD][c-fC-F]..', '', 'g')
                   !~* '\\ud[89a-f]'
              then payload::json #>> '{}'
         end as path
    from runs
   where payload_type = 'application/store'
     and payload like '"%'
  union
  select environment_id, run_id, output
    from outcomes
   where output_type = 'application/store'
)
select environment_id, run_id, path
  from named
 where octet_length(path) <= 2048
   and path !~ '[\u0001-\u001f\u007f-\u009f\\]'
   and not string_to_array(path, '/') && array['', '.', '..']
   and path <> '';

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
