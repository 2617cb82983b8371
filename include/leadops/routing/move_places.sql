-- name: decide_moves
-- A place belongs to the person of its MQL's lead, in the cycle to which that MQL belongs now. If several places claim
-- one cycle, that of the person's oldest lead goes on, else that of the first MQL; the others are set aside until the
-- leads are split. All places of the people involved are decided together. An MQL that was taken back has no place.
create temporary table place_moves as
with recursive involved as (
    select distinct lead_id from unnest(%(leads)s::bigint[]) as merged (lead_id)
    union
    select tied.lead_id
    from involved
    cross join
        lateral (
            select others.lead_id
            from identity.people as own
            inner join identity.people as others on own.person_id = others.person_id
            where own.lead_id = involved.lead_id
            union all
            select places.mql_lead_id
            from routing.leads as places
            where places.lead_id = involved.lead_id
        ) as tied
),

-- Both tables have the same columns in the same order.
places as (
    select
        leads as place,
        false as was_aside
    from routing.leads as leads
    where leads.mql_lead_id in (select involved.lead_id from involved)
    union all
    select
        row(set_aside.*)::routing.leads as place,
        true as was_aside
    from routing.set_aside as set_aside
    where set_aside.mql_lead_id in (select involved.lead_id from involved)
),

claims as (
    select
        places.place,
        places.was_aside,
        (places.place).mql_lead_id,
        (places.place).mql_cycle,
        coalesce(people.person_id, (places.place).mql_lead_id) as heir_id,
        coalesce(numbers.person_cycle, (places.place).mql_cycle) as heir_cycle,
        mql.lead_id is not null as has_mql
    from places
    left join lifecycle.transitions as mql
        on
            (places.place).mql_lead_id = mql.lead_id
            and (places.place).mql_cycle = mql.cycle
            and mql.stage = 'mql'
    left join identity.people as people on (places.place).mql_lead_id = people.lead_id
    left join lifecycle.person_cycles as numbers
        on people.lead_id = numbers.lead_id and (places.place).mql_cycle = numbers.cycle
)

select
    *,
    row_number() over (
        partition by has_mql, heir_id, heir_cycle
        order by mql_lead_id = heir_id desc, (place).qualified_at asc, mql_lead_id asc, mql_cycle asc
    ) as claim
from claims;

-- name: remove_places
delete from routing.leads where mql_lead_id in (select place_moves.mql_lead_id from place_moves);

-- name: remove_set_aside
delete from routing.set_aside where mql_lead_id in (select place_moves.mql_lead_id from place_moves);

-- name: insert_places
insert into routing.leads
select moved.*
from place_moves
cross join
    lateral jsonb_populate_record(place, jsonb_build_object('lead_id', heir_id, 'cycle', heir_cycle)) as moved
where has_mql and claim = 1;

-- name: insert_set_aside
insert into routing.set_aside
select moved.*
from place_moves
cross join
    lateral jsonb_populate_record(place, jsonb_build_object('lead_id', mql_lead_id, 'cycle', mql_cycle)) as moved
where has_mql and claim > 1;

-- name: insert_person_accounts
-- The person's next cycle finds the same owner.
insert into routing.accounts (account, rep_id, since)
select distinct on (heir_id)
    'lead:' || heir_id,
    (place).rep_id,
    (place).since
from place_moves
where has_mql and claim = 1 and heir_id <> mql_lead_id and (place).rep_id is not null
order by heir_id asc, heir_cycle desc
on conflict (account) do nothing;

-- name: delete_person_accounts
-- A lead owns no account of its own if all it had came from leads that were merged into it.
delete from routing.accounts
where account in (
    select 'lead:' || (moves.place).lead_id
    from place_moves as moves
    where
        not moves.was_aside
        and (moves.place).lead_id <> moves.mql_lead_id
        and not exists (
            select from place_moves as remaining
            where
                remaining.has_mql
                and remaining.claim = 1
                and remaining.heir_id = (moves.place).lead_id
                and remaining.heir_id <> remaining.mql_lead_id
                and (remaining.place).rep_id is not null
        )
        and not exists (
            select from routing.assignments as own
            where own.lead_id = (moves.place).lead_id and own.rep_id is not null
        )
);

-- name: list_removed_places
select (place).lead_id from place_moves where not has_mql;

-- name: withdraw_notices
-- The messages about MQLs that were taken back, in Slack or perhaps there. Lifecycle takes an MQL back because it is
-- our own, because it was reached only together with a lead that was split from it since, or else because of a machine.
with withdrawn as (
    select
        assigned.assignment_id,
        case
            when exists (
                select from identity.uncounted_leads as uncounted
                where uncounted.lead_id = moves.mql_lead_id
            ) then 'internal'
            when exists (
                select from identity.lead_merges as undone
                where
                    (undone.older_lead_id = moves.mql_lead_id or undone.younger_lead_id = moves.mql_lead_id)
                    and undone.undone_at >= (moves.place).qualified_at
            ) then 'split'
            else 'machine'
        end as because
    from place_moves as moves
    inner join routing.assignments as assigned
        on
            (moves.mql_lead_id = assigned.lead_id and moves.mql_cycle = assigned.cycle)
            or ((moves.place).lead_id = assigned.lead_id and (moves.place).cycle = assigned.cycle)
    where not moves.has_mql
)

update routing.notices
set withdrawn_because = withdrawn.because
from withdrawn
where
    notices.assignment_id = withdrawn.assignment_id
    and notices.withdrawn_because is null
    and (notices.state = 'sent' or (notices.state = 'open' and notices.unknown_since is not null));

-- name: drop_moves
drop table place_moves;
