-- name: purge_visits
-- Ended ones, with their hops.
with old as (
    select visits.visit_id
    from canary.visits as visits
    inner join canary.visitors as visitors on visits.visitor_id = visitors.visitor_id
    where visits.started_at < %(before)s and visits.ended_at is not null and visitors.removed_at is not null
    order by visits.visit_id
    limit %(max_rows)s
),

hops as (
    delete from canary.hops
    where visit_id in (select old.visit_id from old)
)

delete from canary.visits
where visit_id in (select old.visit_id from old);

-- name: purge_visitors
-- Those of whom nothing is left.
delete from canary.visitors
where
    removed_at < %(before)s
    and not exists (select from canary.visits as visits where visits.visitor_id = visitors.visitor_id);
