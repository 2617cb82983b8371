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

-- name: touch_leads_with_acts
-- Of a person, the oldest lead; of an erased lead the evidence is gone, and nothing would change.
insert into touched (lead_id)
select distinct coalesce(people.person_id, acts.lead_id) as lead_id
from machines.acts as acts
left join identity.people as people on acts.lead_id = people.lead_id
where
    acts.ts >= %(since)s
    and coalesce(people.person_id, acts.lead_id) > %(after)s
    and not exists (
        select from identity.leads as gone
        where gone.lead_id = acts.lead_id and gone.erased_at is not null
    )
order by lead_id
limit %(chunk_size)s;

-- name: list_unmatched
with rules as materialized (
    select listed.*
    from jsonb_to_recordset(%(fit)s) as listed (trait text, condition jsonpath)
    where listed.trait <> 'email_domain'
),

compared as (
    select
        traits.lead_id,
        traits.trait,
        traits.value,
        coalesce(traits.comparable, traits.value) as forms
    from identity.traits as traits
    where traits.trait in (select rules.trait from rules)
)

select
    trait,
    forms,
    example,
    leads
from (
    select
        trait,
        forms,
        (array_agg(value #>> '{}' order by lead_id))[1] as example,
        count(*) as leads
    from compared
    where
        jsonb_typeof(forms) <> 'number'
        and not exists (select from rules where rules.trait = compared.trait and compared.forms @@ rules.condition)
    group by trait, forms
) as unmatched
order by leads desc, trait asc, example collate "C" asc
limit %(max_values)s::bigint;
