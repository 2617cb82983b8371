-- name: check_database
select
    to_regclass('cdp.events') is not null as is_migrated,
    current_setting('transaction_read_only') = 'off' as takes_writes;

-- name: find_last_check
select max(succeeded_at) from incidents.heartbeats
where name = %(name)s;
