-- name: record_taken
-- Of the leads whose points are in the total: one that has got this id since then is not in it. What was wanted before
-- the call was claimed is fulfilled. The newest total is never taken for an older one.
insert into delivery.totals as given (target, lead_id, external_id, seq, due_at)
select
    known.target,
    known.lead_id,
    known.external_id,
    taken.seq,
    %(again_at)s::timestamptz
from unnest(%(lead_ids)s::bigint[], %(external_ids)s::text[], %(seqs)s::bigint[]) as taken (lead_id, external_id, seq)
inner join delivery.external_ids as known
    on known.target = %(target)s and taken.lead_id = known.lead_id and taken.external_id = known.external_id
on conflict (target, lead_id) do update
    set
        external_id = excluded.external_id,
        seq = case
            when given.external_id = excluded.external_id then greatest(given.seq, excluded.seq)
            else excluded.seq
        end,
        due_at = greatest(
            case when given.due_at > %(claimed_at)s::timestamptz then given.due_at end, excluded.due_at
        ),
        refused = null;

-- name: accept_letters
-- Refused changes that the total contains.
update delivery.dead_letters as letters
set state = 'applied', settled_at = %(now)s
from unnest(%(lead_ids)s::bigint[], %(external_ids)s::text[], %(seqs)s::bigint[]) as taken (lead_id, external_id, seq)
inner join delivery.external_ids as known
    on known.target = %(target)s and taken.lead_id = known.lead_id and taken.external_id = known.external_id
where
    letters.target = known.target
    and letters.lead_id = known.lead_id
    and letters.kind = 'delta'
    and letters.state = 'open'
    and letters.reference <= taken.seq;

-- name: delete_held
-- Held changes that the total contains.
delete from delivery.held_deltas as held
using unnest(%(lead_ids)s::bigint[], %(external_ids)s::text[], %(seqs)s::bigint[]) as taken (lead_id, external_id, seq)
inner join delivery.external_ids as known
    on known.target = %(target)s and taken.lead_id = known.lead_id and taken.external_id = known.external_id
where
    held.target = known.target
    and held.lead_id = known.lead_id
    and held.ledger_seq <= taken.seq;

-- name: record_refused
insert into delivery.totals as given (target, lead_id, external_id, refused)
select
    known.target,
    known.lead_id,
    known.external_id,
    %(reason)s::text
from delivery.external_ids as known
where known.target = %(target)s and known.external_id = %(external_id)s
on conflict (target, lead_id) do update
    set
        external_id = excluded.external_id,
        seq = case when given.external_id = excluded.external_id then given.seq else 0 end,
        due_at = null,
        refused = excluded.refused;
