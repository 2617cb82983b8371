-- name: create_point_changes
-- What the ledger would get, and of the behaviour that part which counts after the end of the lead's last cycle.
create temporary table if not exists point_changes (
    lead_id bigint not null,
    fit integer not null,
    behaviour integer not null,
    again_behaviour integer not null,
    model integer not null default 0
) on commit delete rows;

-- name: create_new_model_points
-- What a model would give each active lead; the others would have none.
create temporary table if not exists new_model_points (
    lead_id bigint not null,
    points integer not null
) on commit delete rows;

-- name: create_earlier_changes
-- What the points will change by without the change, because leads wait to be scored; or, where it is compared with
-- earlier settings, what they would change by if these were in force.
create temporary table if not exists earlier_changes (
    lead_id bigint not null,
    fit integer not null,
    behaviour integer not null,
    again_behaviour integer not null
) on commit delete rows;

-- name: create_weighed_leads
-- Every lead that has points or would have some, before and after.
create temporary table if not exists weighed_leads (
    lead_id bigint not null,
    fit integer not null,
    behaviour integer not null,
    model integer not null,
    new_fit integer not null,
    new_behaviour integer not null,
    new_model integer not null,
    again_behaviour integer not null,
    new_again_behaviour integer not null,
    is_moved boolean not null,
    is_new_mql boolean not null default false
) on commit delete rows;

-- name: clear
truncate point_changes, new_model_points, earlier_changes, weighed_leads;

-- name: list_ended
-- When the last cycle of each lead ended: what it earns after that counts for the next MQL.
select
    ended.lead_id,
    latest.ended_at
from (
    select distinct lead_id
    from lifecycle.current_transitions
    where stage in ('won', 'lost')
) as ended
cross join lateral lifecycle.find_latest_cycle(ended.lead_id) as latest
where latest.ended_at is not null;

-- name: copy_point_changes
copy point_changes (lead_id, fit, behaviour, again_behaviour) from stdin;

-- name: sum_point_changes
select
    lead_id,
    sum(fit)::integer as fit,
    sum(behaviour)::integer as behaviour,
    sum(again_behaviour)::integer as again_behaviour
from point_changes
group by lead_id;

-- name: copy_earlier_changes
copy earlier_changes (lead_id, fit, behaviour, again_behaviour) from stdin;

-- name: copy_new_model_points
copy new_model_points (lead_id, points) from stdin;

-- name: add_model_changes
insert into point_changes (lead_id, fit, behaviour, again_behaviour, model)
select
    coalesce(scores.lead_id, given.lead_id),
    0,
    0,
    0,
    coalesce(given.points, 0) - coalesce(scores.model, 0)
from scoring.scores as scores
full join new_model_points as given on scores.lead_id = given.lead_id
where coalesce(given.points, 0) <> coalesce(scores.model, 0);

-- name: compare_leads
-- A grade is the number of bounds that the points reach, for fit and for behaviour.
insert into weighed_leads (
    lead_id,
    fit,
    behaviour,
    model,
    new_fit,
    new_behaviour,
    new_model,
    again_behaviour,
    new_again_behaviour,
    is_moved
)
select
    points.*,
    width_bucket(points.fit, %(fit_grades)s::integer[])
    <> width_bucket(points.new_fit, %(new_fit_grades)s::integer[])
    or width_bucket(points.behaviour, %(behaviour_grades)s::integer[])
    <> width_bucket(points.new_behaviour, %(new_behaviour_grades)s::integer[])
from (
    select
        lead_id,
        coalesce(scores.fit, 0) + coalesce(earlier.fit, 0) as fit,
        coalesce(scores.behaviour, 0) + coalesce(earlier.behaviour, 0) as behaviour,
        coalesce(scores.model, 0) as model,
        coalesce(scores.fit, 0) + coalesce(changed.fit, 0) as new_fit,
        coalesce(scores.behaviour, 0) + coalesce(changed.behaviour, 0) as new_behaviour,
        coalesce(scores.model, 0) + coalesce(changed.model, 0) as new_model,
        coalesce(earlier.again_behaviour, 0) as again_behaviour,
        coalesce(changed.again_behaviour, 0) as new_again_behaviour
    from scoring.scores as scores
    full join point_changes as changed using (lead_id) -- noqa: ST07
    full join earlier_changes as earlier using (lead_id) -- noqa: ST07
) as points
where
    points.fit <> 0 or points.behaviour <> 0 or points.model <> 0
    or points.new_fit <> 0 or points.new_behaviour <> 0 or points.new_model <> 0;

-- name: analyze_weighed_leads
analyze weighed_leads;

-- name: mark_new_mqls
-- Leads that would pass and do not pass now, and have no MQL in a cycle that is still open; as decide_mqls decides.
with passing as (
    select
        weighed.lead_id,
        weighed.again_behaviour,
        weighed.new_again_behaviour,
        weighed.fit >= %(former_fit)s
        and weighed.behaviour >= %(former_behaviour)s
        and (
            %(former_total)s::integer is null
            or weighed.fit + weighed.behaviour + weighed.model >= %(former_total)s::integer
        )
        and (%(former_claims)s or not claimed.is_claimed) as passed
    from weighed_leads as weighed
    cross join
        lateral (
            select exists(
                select from identity.leads as leads
                where leads.lead_id = weighed.lead_id and leads.only_claimed
            ) as is_claimed
        ) as claimed
    where
        weighed.new_fit >= %(fit)s
        and weighed.new_behaviour >= %(behaviour)s
        and (
            %(total)s::integer is null
            or weighed.new_fit + weighed.new_behaviour + weighed.new_model >= %(total)s::integer
        )
        and (%(claims)s or not claimed.is_claimed)
        and not exists (
            select from identity.people as people
            where people.lead_id = weighed.lead_id and people.person_id <> people.lead_id
        )
),

new_mqls as (
    select passing.lead_id
    from passing
    left join lateral lifecycle.find_latest_cycle(passing.lead_id) as latest on true
    left join lateral (
        select coalesce(sum(ledger.points), 0) as behaviour
        from scoring.ledger as ledger
        where
            ledger.lead_id = passing.lead_id
            and ledger.dimension = 'behaviour'
            and ledger.kind in ('rule', 'correction')
            and ledger.occurred_at > latest.ended_at
    ) as since on true
    where
        (latest.cycle is null and not passing.passed)
        or (
            latest.ended_at is not null
            and since.behaviour + passing.new_again_behaviour >= %(again_behaviour)s
            and not (passing.passed and since.behaviour + passing.again_behaviour >= %(former_again_behaviour)s)
        )
)

update weighed_leads
set is_new_mql = true
from new_mqls
where weighed_leads.lead_id = new_mqls.lead_id;

-- name: count_leads
select
    count(*) filter (where fit <> 0 or behaviour <> 0 or model <> 0)::integer as with_points,
    count(*) filter (where fit <> new_fit or behaviour <> new_behaviour or model <> new_model)::integer as changed,
    count(*) filter (where is_moved)::integer as moved,
    count(*) filter (where is_new_mql)::integer as new_mqls
from weighed_leads;

-- name: list_examples
-- New MQLs first, then those that get another grade, the largest steps first.
select
    lead_id,
    fit,
    behaviour,
    model,
    new_fit,
    new_behaviour,
    new_model,
    is_new_mql
from weighed_leads
where is_new_mql or is_moved
order by is_new_mql desc, abs(new_fit - fit) + abs(new_behaviour - behaviour) + abs(new_model - model) desc, lead_id asc
limit %(max_leads)s;

-- name: has_points
select scoring.has_points();
