-- name: check_database
select
    to_regclass('cdp.events') is not null as is_migrated,
    current_setting('transaction_read_only') = 'off' as takes_writes;
