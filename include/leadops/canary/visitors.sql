-- name: find_present
select
    visitor_id,
    email,
    began_at
from canary.visitors
where ended_at is null;

-- name: insert_visitor
insert into canary.visitors (email, began_at)
values (%(email)s, %(now)s)
returning visitor_id, email, began_at;

-- name: end_visitor
update canary.visitors set ended_at = %(now)s
where visitor_id = %(visitor_id)s;

-- name: list_leaving
select
    visitor_id,
    email,
    asked_at
from canary.visitors
where ended_at is not null and removed_at is null
order by visitor_id;

-- name: note_asked
update canary.visitors set asked_at = %(now)s
where visitor_id = %(visitor_id)s;

-- name: note_removed
update canary.visitors set removed_at = %(now)s
where visitor_id = %(visitor_id)s;

-- name: has_open_visit
select exists(
    select from canary.visits
    where visitor_id = %(visitor_id)s and ended_at is null
);

-- name: list_systems
-- Who has the lead.
select known.target
from delivery.external_ids as known
where known.lead_id = %(lead_id)s
order by known.target;
