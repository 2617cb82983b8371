-- name: find_at_door
-- The newest visit, if one of its doors has not opened yet: it is tried again, and no other one begins.
select
    visits.visit_id,
    visits.event_id,
    visits.form_id,
    visitors.email,
    visits.started_at
from canary.visits as visits
inner join canary.visitors as visitors on visits.visitor_id = visitors.visitor_id
where
    visits.visit_id = (select max(newest.visit_id) from canary.visits as newest)
    and visits.ended_at is null
    and exists (
        select from canary.hops as hops
        where
            hops.visit_id = visits.visit_id
            and hops.hop = any(%(doors)s::text[])
            and hops.done_at is null
    );

-- name: insert_visit
insert into canary.visits (visitor_id, event_id, form_id, form_key, warehouses, started_at)
values (%(visitor_id)s, %(event_id)s, %(form_id)s, %(form_key)s, %(warehouses)s, %(now)s)
returning visit_id;

-- name: insert_hops
insert into canary.hops (visit_id, hop, follows, limit_minutes, begins_at)
select
    %(visit_id)s,
    planned.hop,
    planned.follows,
    planned.limit_minutes,
    case when cardinality(planned.follows) = 0 then %(now)s::timestamptz end
from jsonb_to_recordset(%(hops)s) as planned (hop text, follows text[], limit_minutes double precision);

-- name: list_closed_doors
select hop from canary.hops
where visit_id = %(visit_id)s and hop = any(%(doors)s::text[]) and done_at is null;

-- name: note_door
update canary.hops
set
    done_at = case when %(problem)s::text is null then %(now)s::timestamptz end,
    seen_at = case when %(problem)s::text is null then %(now)s::timestamptz end,
    problem = left(%(problem)s::text, 400)
where visit_id = %(visit_id)s and hop = %(hop)s and done_at is null;

-- name: has_open_hop
select exists(
    select from canary.hops
    where visit_id = %(visit_id)s and done_at is null and hop <> all(%(slow)s::text[])
);
