-- name: find_build
-- When the day was last built before a moment: what is on record later was not known to its figures.
select max(known_from) as known_from
from analytics.builds
where dt = %(day)s and known_from < %(moment)s;

-- name: list_changes
-- The entries of a day that differ between two moments, each with what is on record of it that may be the cause.
with changed as (
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
),

-- With whom each was ever taken for one person.
members as (
    with recursive tied as (
        select
            changed.lead_id as asked,
            changed.lead_id as member
        from changed
        union
        select
            tied.asked,
            case
                when found.older_lead_id = tied.member then found.younger_lead_id
                else found.older_lead_id
            end as member
        from tied
        inner join identity.lead_merges as found
            on tied.member = found.older_lead_id or tied.member = found.younger_lead_id
    )

    select
        asked,
        member
    from tied
),

stages as (
    select
        members.asked,
        versions.id as lead_id,
        versions.row_key,
        versions.version,
        versions.known_at,
        versions.is_deleted,
        versions.content
    from members
    inner join mart.versions as versions on members.member = versions.id and versions.mart = 'transitions'
)

select
    changed.stage,
    changed.lead_id,
    changed.cycle,
    changed.before,
    changed.after,
    reached_before.content as reached_before,
    reached_after.content as reached_after,
    coalesce(reached_after.first_known_at > %(first_built)s, false)
    or (changed.stage = 'lead' and coalesce(origin.known_at > %(first_built)s, false)) as is_new,
    exists(
        select from mart.versions as responses
        where
            responses.mart = 'responses'
            and responses.id = changed.lead_id
            and starts_with(responses.row_key, changed.cycle || '/')
            and responses.known_at > %(first_built)s
            and responses.known_at <= %(second_built)s
    ) as has_new_response,
    exists(
        select from stages
        where
            stages.asked = changed.lead_id
            and (stages.content ->> 'person_id')::bigint = changed.lead_id
            and (stages.content ->> 'person_cycle')::integer = changed.cycle
            and stages.content ->> 'stage' in ('sal', 'sql', 'won', 'lost')
            and stages.version = 1
            and stages.known_at > %(first_built)s
            and stages.known_at <= %(second_built)s
    ) as has_new_stage,
    exists(
        select from identity.lead_merges as found
        inner join members on found.older_lead_id = members.member or found.younger_lead_id = members.member
        where
            members.asked = changed.lead_id
            and found.merged_at > %(first_built)s
            and found.merged_at <= %(second_built)s
    ) as is_joined,
    exists(
        select from identity.lead_merges as found
        inner join members on found.older_lead_id = members.member or found.younger_lead_id = members.member
        where
            members.asked = changed.lead_id
            and found.undone_at > %(first_built)s
            and found.undone_at <= %(second_built)s
    ) as is_split,
    exists(
        select from scoring.ledger as ledger
        inner join members on ledger.lead_id = members.member
        inner join machines.uncounted_acts as acts on ledger.event_seq = acts.event_seq
        where
            members.asked = changed.lead_id
            and ledger.kind = 'correction'
            and ledger.recorded_at > %(first_built)s
            and ledger.recorded_at <= %(second_built)s
    ) as has_machine,
    exists(
        select from lifecycle.contract_changes as changes
        where changes.changed_at > %(first_built)s and changes.changed_at <= %(second_built)s
    ) as has_contract
from changed
left join
    lateral (
        select newest.content
        from (
            select distinct on (stages.lead_id, stages.row_key) stages.*
            from stages
            where stages.asked = changed.lead_id and stages.known_at <= %(first_built)s
            order by stages.lead_id asc, stages.row_key asc, stages.version desc
        ) as newest
        where
            not newest.is_deleted
            and (newest.content ->> 'person_id')::bigint = changed.lead_id
            and (newest.content ->> 'person_cycle')::integer = changed.cycle
            and newest.content ->> 'stage' = changed.stage
        order by (newest.content ->> 'happened_at')::timestamptz asc, newest.lead_id asc
        limit 1
    ) as reached_before
    on true
left join
    lateral (
        select
            newest.content,
            (
                select min(first_version.known_at)
                from stages as first_version
                where
                    first_version.asked = changed.lead_id
                    and first_version.lead_id = newest.lead_id
                    and first_version.row_key = newest.row_key
            ) as first_known_at
        from (
            select distinct on (stages.lead_id, stages.row_key) stages.*
            from stages
            where stages.asked = changed.lead_id and stages.known_at <= %(second_built)s
            order by stages.lead_id asc, stages.row_key asc, stages.version desc
        ) as newest
        where
            not newest.is_deleted
            and (newest.content ->> 'person_id')::bigint = changed.lead_id
            and (newest.content ->> 'person_cycle')::integer = changed.cycle
            and newest.content ->> 'stage' = changed.stage
        order by (newest.content ->> 'happened_at')::timestamptz asc, newest.lead_id asc
        limit 1
    ) as reached_after
    on true
left join
    lateral (
        select coalesce(leads.recorded_at, first_event.received_at, leads.created_at) as known_at
        from identity.leads as leads
        left join cdp.events as first_event on leads.first_event_seq = first_event.seq
        where leads.lead_id = changed.lead_id
    ) as origin
    on true
order by changed.stage, changed.lead_id, changed.cycle;
