-- name: find_build
-- When the day was last built before a moment: what is on record later was not known to its figures.
select max(known_from) as known_from
from analytics.builds
where dt = %(day)s and known_from < %(moment)s;

-- name: list_changes
-- The entries of a day that differ between two moments: as they were, and as they are.
select
    coalesce(earlier.stage, later.stage) as stage,
    coalesce(earlier.lead_id, later.lead_id) as lead_id,
    coalesce(earlier.cycle, later.cycle) as cycle,
    to_jsonb(earlier) as before,
    to_jsonb(later) as after
from (select * from analytics.known_entries(%(day)s, %(first)s)) as earlier
full join
    (select * from analytics.known_entries(%(day)s, %(second)s)) as later
    on earlier.stage = later.stage and earlier.lead_id = later.lead_id and earlier.cycle = later.cycle
where to_jsonb(earlier) - 'known_from' is distinct from to_jsonb(later) - 'known_from'
order by stage, lead_id, cycle;

-- name: list_members
-- With whom each of these leads was ever taken for one person, itself included.
with recursive tied as (
    select distinct
        asked.lead_id,
        asked.lead_id as member_id
    from unnest(%(leads)s::bigint[]) as asked (lead_id)
    union
    select
        tied.lead_id,
        case
            when found.older_lead_id = tied.member_id then found.younger_lead_id
            else found.older_lead_id
        end as member_id
    from tied
    inner join identity.lead_merges as found
        on tied.member_id = found.older_lead_id or tied.member_id = found.younger_lead_id
)

select
    lead_id,
    member_id
from tied;

-- name: list_behind
-- The stages of these leads' persons as published by a moment, each with since when it is known at all.
with members as (
    select
        given.lead_id as asked,
        given.member_id as member
    from unnest(%(leads)s::bigint[], %(members)s::bigint[]) as given (lead_id, member_id)
),

newest as (
    select distinct on (members.asked, versions.id, versions.row_key)
        members.asked,
        versions.id,
        versions.row_key,
        versions.is_deleted,
        versions.content
    from members
    inner join mart.versions as versions on members.member = versions.id and versions.mart = 'transitions'
    where versions.known_at <= %(built)s
    order by members.asked asc, versions.id asc, versions.row_key asc, versions.version desc
)

select distinct on (newest.asked, (newest.content ->> 'person_cycle')::integer, newest.content ->> 'stage')
    newest.asked as lead_id,
    (newest.content ->> 'person_cycle')::integer as cycle,
    newest.content ->> 'stage' as stage,
    newest.content,
    (
        select min(firsts.known_at)
        from mart.versions as firsts
        where firsts.mart = 'transitions' and firsts.id = newest.id and firsts.row_key = newest.row_key
    ) as first_known_at
from newest
where not newest.is_deleted and (newest.content ->> 'person_id')::bigint = newest.asked
order by
    newest.asked asc,
    (newest.content ->> 'person_cycle')::integer asc,
    newest.content ->> 'stage' asc,
    (newest.content ->> 'happened_at')::timestamptz asc,
    newest.id asc;

-- name: list_evidence
-- What came on record of these leads between two builds.
with members as (
    select
        given.lead_id as asked,
        given.member_id as member
    from unnest(%(leads)s::bigint[], %(members)s::bigint[]) as given (lead_id, member_id)
),

asked as (
    select distinct asked as lead_id from members
)

select
    asked.lead_id,
    (
        select coalesce(leads.recorded_at, first_event.received_at, leads.created_at)
        from identity.leads as leads
        left join cdp.events as first_event on leads.first_event_seq = first_event.seq
        where leads.lead_id = asked.lead_id
    ) as came_at,
    array(
        select distinct (responses.content ->> 'cycle')::integer
        from mart.versions as responses
        where
            responses.mart = 'responses'
            and responses.id = asked.lead_id
            and responses.known_at > %(first_built)s
            and responses.known_at <= %(second_built)s
    ) as answered_cycles,
    exists(
        select from identity.lead_merges as found
        inner join members on found.older_lead_id = members.member or found.younger_lead_id = members.member
        where
            members.asked = asked.lead_id
            and found.merged_at > %(first_built)s
            and found.merged_at <= %(second_built)s
    ) as is_joined,
    exists(
        select from identity.lead_merges as found
        inner join members on found.older_lead_id = members.member or found.younger_lead_id = members.member
        where
            members.asked = asked.lead_id
            and found.undone_at > %(first_built)s
            and found.undone_at <= %(second_built)s
    ) as is_split,
    exists(
        select from mart.ledger as ledger
        inner join members on ledger.lead_id = members.member
        inner join mart.touches as acts on ledger.touch_id = acts.touch_id and not acts.counts
        where
            members.asked = asked.lead_id
            and ledger.kind = 'correction'
            and ledger.known_at > %(first_built)s
            and ledger.known_at <= %(second_built)s
    ) as has_machine,
    exists(
        select from lifecycle.contract_changes as changes
        where changes.changed_at > %(first_built)s and changes.changed_at <= %(second_built)s
    ) as has_contract
from asked;
