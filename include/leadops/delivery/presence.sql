-- name: find_external_id
select external_id
from delivery.external_ids
where target = %(target)s and lead_id = %(lead_id)s;

-- name: list_external_ids
select distinct external_id
from delivery.external_ids
where target = %(target)s
order by external_id;

-- name: unalign_sharers
-- Before a lead gets another id in the MA: those that share its former id have a total without it from now on, and
-- those that are gone under the new id are there again.
update delivery.external_ids as others
set state = 'unaligned', changed_at = %(now)s, reason = 'shared', not_before = null
where
    others.target = %(target)s
    and others.target = 'ma'
    and others.lead_id <> %(lead_id)s
    and (
        (others.external_id = %(external_id)s and others.state = 'gone')
        or (
            others.state = 'present'
            and others.external_id <> %(external_id)s
            and others.external_id in (
                select moving.external_id from delivery.external_ids as moving
                where moving.target = 'ma' and moving.lead_id = %(lead_id)s
            )
        )
    );

-- name: save_external_id
-- A lead that the MA had already: what it has of the points under this id is compared before more are sent. So is one
-- that had points there when the database went back.
insert into delivery.external_ids as known (target, lead_id, external_id, learned_at, state, changed_at, reason)
select
    given.target,
    given.lead_id,
    given.external_id,
    given.learned_at,
    case when found.external_id is null then 'present' else 'unaligned' end as state,
    case when found.external_id is not null then given.learned_at end as changed_at,
    case when found.external_id is not null then 'restored' end as reason
from (
    values (%(target)s::text, %(lead_id)s::bigint, %(external_id)s::text, %(now)s::timestamptz)
) as given (target, lead_id, external_id, learned_at)
left join delivery.found_leads as found
    on found.target = 'ma' and given.target = found.target and given.external_id = found.external_id
on conflict (target, lead_id) do update
    set
        external_id = excluded.external_id,
        merged_into = null,
        learned_at = excluded.learned_at,
        changed_at = excluded.learned_at,
        state = case
            when
                known.target <> 'ma'
                or (known.state = 'present' and known.external_id = excluded.external_id)
                then 'present'
            else 'unaligned'
        end,
        reason = case when known.state = 'recreating' then 'recreated' else 'another id' end,
        not_before = null;

-- name: follow_merge
update delivery.external_ids
set merged_into = nullif(%(survivor)s::text, external_id), changed_at = %(now)s
where
    target = %(target)s
    and %(external_id)s::text in (external_id, merged_into)
    and merged_into is distinct from %(survivor)s::text;

-- name: find_survivor
select merged_into
from delivery.external_ids
where target = %(target)s and lead_id = %(lead_id)s;

-- name: register_external_ids
-- Of several ids of one lead the first in their order counts.
insert into delivery.external_ids (target, lead_id, external_id, learned_at)
select
    %(target)s::text,
    known.lead_id,
    min(known.external_id collate "C"),
    %(now)s::timestamptz
from unnest(%(lead_ids)s::bigint[], %(external_ids)s::text[]) as known (lead_id, external_id)
group by known.lead_id
on conflict (target, lead_id) do nothing;

-- name: mark_gone
-- A row that another process changes right now is left to it: if the lead is gone, the next call says so again.
with locked as (
    select lead_id
    from delivery.external_ids
    where target = %(target)s and external_id = %(external_id)s and state in ('present', 'unaligned')
    for update skip locked
)

update delivery.external_ids as known
set
    state = 'gone',
    changed_at = %(now)s,
    reason = %(word)s,
    -- The MA answered with a lead that it does not have: it is not asked again at once.
    not_before = case when known.reason = 'recreated' then %(now)s::timestamptz + %(pause)s::interval end
from locked
where known.target = %(target)s and known.lead_id = locked.lead_id
returning known.lead_id;

-- name: mark_merged
with locked as (
    select lead_id
    from delivery.external_ids
    where target = %(target)s and external_id = %(external_id)s and state <> 'recreating'
    for update skip locked
)

update delivery.external_ids as known
set
    external_id = %(survivor)s,
    state = 'unaligned',
    changed_at = %(now)s,
    reason = 'merged',
    not_before = case
        when known.state in ('unaligned', 'present') and known.reason = 'merged'
            then %(now)s::timestamptz + %(pause)s::interval
    end
from locked
where known.target = %(target)s and known.lead_id = locked.lead_id
returning known.lead_id;

-- name: mark_found
update delivery.external_ids
set state = 'unaligned', changed_at = %(now)s, reason = 'found again', not_before = null
where target = %(target)s and external_id = any(%(external_ids)s::text[]) and state = 'gone';

-- name: unalign_lead
-- Since when a lead is refused that is there, stays on record.
update delivery.external_ids
set
    state = 'unaligned',
    changed_at = case when reason = %(there)s then changed_at else %(now)s::timestamptz end,
    reason = %(reason)s,
    not_before = null
where target = %(target)s and lead_id = %(lead_id)s and state = 'present';

-- name: find_contradicted
select lead_id
from delivery.external_ids
where
    target = %(target)s
    and lead_id = any(%(lead_ids)s::bigint[])
    and reason = %(there)s
    and changed_at <= %(since)s;

-- name: settle_found
update delivery.external_ids
set reason = null
where target = %(target)s and lead_id = any(%(lead_ids)s::bigint[]) and reason = %(there)s;

-- name: record_mqls
update delivery.external_ids
set mql_at = %(now)s
where target = 'ma' and lead_id = any(%(lead_ids)s::bigint[]);

-- name: count_gone
select count(*)
from delivery.external_ids
where
    target = %(target)s
    and state = 'gone'
    and reason is distinct from 'erased'
    and changed_at > coalesce(%(since)s::timestamptz, '-infinity');

-- name: find_unsettled
select distinct external_id
from delivery.external_ids
where target = %(target)s and external_id = any(%(external_ids)s::text[]) and state <> 'present';

-- name: list_gone
select
    gone.lead_id,
    gone.external_id as ma_id,
    gone.changed_at as since,
    gone.reason,
    coalesce(scores.total, 0) as score,
    (
        select count(*) from delivery.held_deltas as held
        where held.target = gone.target and held.lead_id = gone.lead_id
    ) as held
from delivery.external_ids as gone
left join scoring.scores as scores on gone.lead_id = scores.lead_id
where gone.target = %(target)s and gone.state = 'gone' and gone.reason is distinct from 'erased'
order by gone.changed_at desc, gone.lead_id asc
limit %(max_rows)s;

-- name: find_recreatable
-- Gone leads with live points that the MA never got: from a form, before an MQL, or any.
select gone.lead_id
from delivery.external_ids as gone
inner join delivery.held_deltas as held on gone.target = held.target and gone.lead_id = held.lead_id
inner join scoring.ledger as ledger on held.ledger_seq = ledger.seq and ledger.is_live
inner join identity.leads as leads on gone.lead_id = leads.lead_id and leads.email is not null
left join cdp.events as events on ledger.event_seq = events.seq
where
    gone.target = %(target)s
    and gone.state = 'gone'
    and coalesce(gone.not_before, %(now)s) <= %(now)s
    and (
        %(any_points)s
        or (events.event = 'submit_form' and events.proof <> 'claim')
        or gone.mql_at >= ledger.recorded_at
    )
group by gone.lead_id
order by gone.lead_id
limit %(max_rows)s;

-- name: mark_recreating
update delivery.external_ids
set state = 'recreating', changed_at = %(now)s
where
    target = %(target)s
    and lead_id = any(%(lead_ids)s::bigint[])
    and state = 'gone'
    and reason is distinct from 'erased'
returning lead_id;

-- name: draw_nonce
select left(gen_random_uuid()::text, 8);
