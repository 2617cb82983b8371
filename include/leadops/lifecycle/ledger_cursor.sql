-- name: insert_cursor
insert into lifecycle.cursors (feed, ledger_seq) values ('ledger', 0)
on conflict (feed) do nothing;

-- name: lock_cursor
select
    ledger_seq,
    thresholds
from lifecycle.cursors
where feed = 'ledger'
for update;

-- name: find_horizon
-- Writers of the ledger hold one lock until they commit: no smaller seq can appear after this one.
select coalesce(max(seq), 0) from scoring.ledger;

-- name: move_cursor
update lifecycle.cursors
set ledger_seq = %(to_seq)s, thresholds = %(thresholds)s
where feed = 'ledger' and (ledger_seq, thresholds) is distinct from (%(to_seq)s::bigint, %(thresholds)s::text);
