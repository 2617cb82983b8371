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
