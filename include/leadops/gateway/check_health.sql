-- Whether events could be stored: the table is there, and the server takes writes (a standby does not).
select
    to_regclass('cdp.events') is not null as is_migrated,
    current_setting('transaction_read_only') = 'off' as takes_writes
