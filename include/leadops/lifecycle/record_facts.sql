-- Every fact is judged by the contract version of its own moment; the earliest of a kind in a cycle stays. But a deal
-- that is re-opened, and ends again, was won or lost when it last turned so.
-- What sales did before the MQL, since the cycle before ended, counts from the MQL on: a form brings a lead to the
-- CRM at once, and who has taken it does not take it again. A contact longer ago than within_hours is none.
with versions as (
    select version.*
    from jsonb_to_recordset(%(versions)s) as version (
        version text, since timestamptz, until timestamptz, within_hours double precision,
        taken jsonb, contact jsonb, criteria jsonb, next_meeting jsonb, won jsonb, lost jsonb
    )
),

cycles as (
    select
        mql.lead_id,
        mql.cycle,
        mql.occurred_at as started_at,
        lead(mql.occurred_at, 1, 'infinity') over (partition by mql.lead_id order by mql.cycle) as next_at,
        coalesce(
            (
                select max(ending.occurred_at) from lifecycle.current_transitions as ending
                where
                    ending.lead_id = mql.lead_id
                    and ending.cycle = mql.cycle - 1
                    and ending.stage in ('won', 'lost')
            ), '-infinity'
        ) as free_since
    from lifecycle.current_transitions as mql
    where mql.stage = 'mql' and mql.lead_id = any(%(leads)s::bigint[])
),

-- What the CRM calls a person, by any of their leads.
links as (
    select
        crm_lead_id,
        lead_id
    from lifecycle.links
    where lead_id = any(%(leads)s::bigint[])
    union
    select
        known.crm_lead_id,
        people.person_id
    from identity.people as people
    inner join lifecycle.links as known on people.lead_id = known.lead_id
    where people.person_id = any(%(leads)s::bigint[])
),

done as (
    select
        cycles.lead_id,
        cycles.cycle,
        activities.activity_id,
        activities.kind,
        activities.status,
        activities.rep_id,
        activities.details,
        greatest(cycles.started_at, activities.occurred_at) as occurred_at,
        cycles.started_at - activities.occurred_at as ahead,
        activities.occurred_at <= %(now)s as has_happened,
        greatest(cycles.started_at, least(activities.occurred_at, activities.recorded_at)) as known_at
    from cycles
    inner join links on cycles.lead_id = links.lead_id
    inner join crm.activities as activities
        on
            links.crm_lead_id = activities.crm_lead_id
            and cycles.free_since < activities.occurred_at
            and cycles.next_at > activities.occurred_at
),

facts as (
    select
        done.lead_id,
        done.cycle,
        found.fact,
        found.occurred_at,
        done.activity_id,
        done.rep_id
    from done
    inner join versions
        on
            versions.since <= (case when done.has_happened then done.occurred_at else done.known_at end)
            and versions.until > (case when done.has_happened then done.occurred_at else done.known_at end)
    cross join lateral (
        select
            'taken' as fact,
            done.occurred_at
        where
            done.has_happened and done.kind = 'status' and done.rep_id is not null and versions.taken ? done.status
        union all
        select
            'contact' as fact,
            done.occurred_at
        where
            done.has_happened
            and versions.contact ? done.kind
            and done.ahead <= versions.within_hours * interval '1 hour'
        union all
        select
            'meeting' as fact,
            case when done.has_happened then done.occurred_at else done.known_at end
        where
            done.kind = 'meeting'
            or exists (
                select 1 from jsonb_array_elements_text(versions.next_meeting) as key (name)
                where coalesce(lower(done.details ->> key.name), '') not in ('', 'false', 'no', '0', 'null')
            )
        union all
        select
            'criterion:' || key.name as fact,
            done.occurred_at
        from jsonb_array_elements_text(versions.criteria) as key (name)
        where
            done.has_happened
            and (
                done.status = key.name
                or coalesce(lower(done.details ->> key.name), '') not in ('', 'false', 'no', '0', 'null')
            )
        union all
        select
            ending.stage as fact,
            done.occurred_at
        from (values ('won', versions.won), ('lost', versions.lost)) as ending (stage, statuses)
        where
            done.has_happened
            and done.kind = 'status'
            and ending.statuses ? done.status
            and done.ahead <= interval '0'
    ) as found
),

turned as (
    select
        *,
        fact in ('won', 'lost') as is_end,
        lag(fact) over (
            partition by lead_id, cycle, fact in ('won', 'lost') order by occurred_at asc, activity_id asc
        ) as fact_before
    from facts
),

changed as (
    insert into lifecycle.facts (lead_id, cycle, fact, occurred_at, activity_id, rep_id)
    select distinct on (lead_id, cycle, fact)
        lead_id,
        cycle,
        fact,
        occurred_at,
        activity_id,
        rep_id
    from turned
    where not is_end or fact_before is distinct from fact
    order by
        lead_id asc, cycle asc, fact asc, (case when is_end then occurred_at end) desc, occurred_at asc, activity_id asc
    on conflict (lead_id, cycle, fact) do update
        set occurred_at = excluded.occurred_at, activity_id = excluded.activity_id, rep_id = excluded.rep_id
        where
        facts.occurred_at > excluded.occurred_at
        -- The CRM may correct a deal in the activity that won it.
        or facts.fact = 'won'
        or (facts.fact = 'lost' and facts.activity_id <> excluded.activity_id)
    returning lead_id, cycle
),

told as (
    insert into sla.inbox (lead_id, cycle)
    select distinct
        lead_id,
        cycle
    from changed
    returning lead_id, cycle
)

select
    lead_id,
    cycle
from told
