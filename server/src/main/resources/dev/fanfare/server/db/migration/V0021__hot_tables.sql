-- Every run passes through these tables, so they collect dead rows faster than any other. Vacuum cannot
-- remove those that a transaction that has been open for long may still see. So each is the only partition
-- of a table, and a sweep replaces it by a new one with the rows that are alive.

alter table ready rename to ready_1;
alter table ready_1 rename constraint ready_pkey to ready_1_pkey;
create table ready (like ready_1 including defaults including constraints)
  partition by list (environment_id);
alter table ready add primary key (environment_id, task_id, version_id, lane_id, rank, run_id);
alter table ready attach partition ready_1 default;

alter table leases rename to leases_1;
alter table leases_1 rename constraint leases_pkey to leases_1_pkey;
alter index leases_canceled rename to leases_1_canceled;
create table leases (like leases_1 including defaults including constraints)
  partition by list (environment_id);
create index leases_canceled on leases (environment_id, session_id) where canceled_at is not null;
alter table leases add primary key (environment_id, run_id);
alter table leases attach partition leases_1 default;

alter table delays rename to delays_1;
alter table delays_1 rename constraint delays_pkey to delays_1_pkey;
alter index delays_by_lane rename to delays_1_by_lane;
alter index delays_debounce rename to delays_1_debounce;
alter index delays_due rename to delays_1_due;
create table delays (like delays_1 including defaults including constraints)
  partition by list (environment_id);
create index delays_by_lane on delays (environment_id, lane_id);
create unique index delays_debounce on delays (environment_id, debounce_hash)
 where debounce_hash is not null;
create index delays_due on delays (environment_id, due_at);
alter table delays add primary key (environment_id, run_id);
alter table delays attach partition delays_1 default;

alter table slots rename to slots_1;
alter table slots_1 rename constraint slots_pkey to slots_1_pkey;
create table slots (like slots_1 including defaults including constraints)
  partition by list (environment_id);
alter table slots add primary key (environment_id, queue_id, concurrency_key);
alter table slots attach partition slots_1 default;
