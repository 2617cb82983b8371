-- name: list_tables
select
    format('%%I.%%I', stats.schemaname, stats.relname) as name,
    0 as rows,
    pg_total_relation_size(stats.relid) as bytes,
    stats.n_dead_tup as dead
from pg_stat_user_tables as stats
where stats.schemaname not like 'pg_temp%%'
order by 1;

-- name: flush_statistics
select pg_stat_force_next_flush();

-- name: list_changes
select
    format('%%I.%%I', schemaname, relname) as name,
    n_tup_ins as inserted,
    n_tup_upd as updated,
    n_tup_del as deleted
from pg_stat_user_tables
where schemaname not like 'pg_temp%%';

-- name: read_wal_position
select pg_current_wal_insert_lsn() - '0/0'::pg_lsn;

-- name: list_due_tables
-- The thresholds that PostgreSQL ships.
select format('%%I.%%I', stats.schemaname, stats.relname) as name
from pg_stat_user_tables as stats
inner join pg_class as tables on stats.relid = tables.oid
where
    stats.schemaname not like 'pg_temp%%'
    and (
        stats.n_dead_tup > 50 + 0.2 * greatest(tables.reltuples, 0)
        or stats.n_mod_since_analyze > 50 + 0.1 * greatest(tables.reltuples, 0)
        or stats.n_ins_since_vacuum > 1000 + 0.2 * greatest(tables.reltuples, 0)
    );
