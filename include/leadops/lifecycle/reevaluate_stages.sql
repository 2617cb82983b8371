-- name: find_applied
select
    digest,
    spans
from lifecycle.contract_changes
order by change_id desc
limit 1;

-- name: insert_change
insert into lifecycle.contract_changes (changed_at, digest, spans, changes)
values (%(now)s, %(digest)s, %(spans)s, %(changes)s);

-- name: enqueue_leads
-- Leads that wait already keep the contract that decided them.
with times as (
    select * from unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) as times (since, until)
),

concerned as (
    select links.lead_id
    from times
    inner join crm.activities as activities
        on
            (times.since <= activities.occurred_at and times.until > activities.occurred_at)
            or (times.since <= activities.recorded_at and times.until > activities.recorded_at)
    inner join lifecycle.links as links on activities.crm_lead_id = links.crm_lead_id
    union
    -- What sales did before an MQL counts from the MQL on.
    select links.lead_id
    from times
    inner join lifecycle.transitions as mql
        on mql.stage = 'mql' and times.since <= mql.occurred_at and times.until > mql.occurred_at
    inner join lifecycle.links as links on mql.lead_id = links.lead_id
)

insert into lifecycle.reevaluations (lead_id, decided_by)
select distinct
    coalesce(people.person_id, concerned.lead_id),
    %(decided_by)s::text
from concerned
left join identity.people as people on concerned.lead_id = people.lead_id
on conflict (lead_id) do nothing;

-- name: take_leads
with settled as (
    delete from lifecycle.reevaluations where decided_by = %(digest)s
),

due as (
    select lead_id
    from lifecycle.reevaluations
    where decided_by <> %(digest)s
    order by lead_id = any(%(evaluated)s::bigint[]) desc, lead_id asc
    limit %(max_leads)s + cardinality(%(evaluated)s::bigint[])
),

taken as (
    delete from lifecycle.reevaluations
    using due
    where reevaluations.lead_id = due.lead_id
    returning reevaluations.lead_id
)

select distinct coalesce(people.person_id, taken.lead_id) as lead_id
from taken
left join identity.people as people on taken.lead_id = people.lead_id
order by lead_id;

-- name: enqueue_people
insert into lifecycle.merge_changes (lead_id)
select unnest(%(people)s::bigint[]);

-- name: count_waiting
select count(*) from lifecycle.reevaluations;

-- name: note_result
update lifecycle.contract_changes
set evaluated = evaluated + %(evaluated)s, moved = moved + %(moved)s
where change_id = (select max(latest.change_id) from lifecycle.contract_changes as latest);

-- name: list_changes
select
    changes.change_id,
    changes.changed_at,
    changes.digest,
    changes.changes,
    changes.evaluated,
    changes.moved,
    case
        when changes.change_id = max(changes.change_id) over () then (select count(*) from lifecycle.reevaluations)
        else 0
    end as waiting
from lifecycle.contract_changes as changes
order by changes.change_id desc;
