-- name: touch_every_lead
insert into touched (lead_id)
select lead_id
from identity.leads
where lead_id > %(after)s and erased_at is null
order by lead_id
limit %(chunk_size)s;

-- name: touch_waiting_leads
insert into touched (lead_id)
select lead_id
from (
    select lead_id
    from scoring.inbox
    union
    select people.person_id
    from scoring.inbox
    inner join identity.people as people on inbox.lead_id = people.lead_id
) as waiting
where
    lead_id > %(after)s
    and not exists (
        select from identity.leads as gone
        where gone.lead_id = waiting.lead_id and gone.erased_at is not null
    )
order by lead_id
limit %(chunk_size)s;

-- name: list_changes
with by_rule as (
    select
        lead_id,
        dimension,
        rule,
        sum(points)::integer as points
    from differences
    group by lead_id, dimension, rule
),

by_lead as (
    select
        lead_id,
        coalesce(sum(points) filter (where dimension = 'fit'), 0)::integer as fit_change,
        coalesce(sum(points) filter (where dimension = 'behaviour'), 0)::integer as behaviour_change,
        jsonb_object_agg(rule, points) as rules
    from by_rule
    group by lead_id
)

select
    by_lead.lead_id,
    coalesce(scores.fit, 0) as fit,
    coalesce(scores.behaviour, 0) as behaviour,
    coalesce(scores.model, 0) as model,
    by_lead.fit_change,
    by_lead.behaviour_change,
    by_lead.rules
from by_lead
left join scoring.scores as scores on by_lead.lead_id = scores.lead_id
order by by_lead.lead_id;

-- name: sum_differences
-- Per lead, and of the behaviour that part which was earned after a time of the lead's own.
select
    differences.lead_id,
    coalesce(sum(differences.points) filter (where differences.dimension = 'fit'), 0)::integer as fit,
    coalesce(sum(differences.points) filter (where differences.dimension = 'behaviour'), 0)::integer as behaviour,
    coalesce(
        sum(differences.points) filter (
            where
            differences.dimension = 'behaviour'
            and differences.kind in ('rule', 'correction')
            and differences.occurred_at > own.since
        ), 0
    )::integer as later_behaviour
from differences
left join unnest(%(lead_ids)s::bigint[], %(since)s::timestamptz[]) as own (lead_id, since)
    on differences.lead_id = own.lead_id
group by differences.lead_id;
