-- name: find_known_origins
select origin
from economics.costs
where origin = any(%(origins)s::text[]);

-- name: upsert_attributes
-- Of several values of one attribute the one known first counts; of two known at once always the same.
insert into history.attributes (lead_id, attribute, value, known_at)
select distinct on (given.lead_id, given.attribute)
    given.lead_id,
    given.attribute,
    given.value,
    given.known_at
from
    jsonb_to_recordset(%(rows)s::jsonb) as given (lead_id bigint, attribute text, value jsonb, known_at timestamptz)
order by
    given.lead_id asc, given.attribute asc, given.known_at asc nulls last, given.value::text collate "C" asc
on conflict (lead_id, attribute) do update
    set value = excluded.value, known_at = excluded.known_at
    where
    (coalesce(excluded.known_at, 'infinity'), excluded.value::text collate "C")
    < (coalesce(attributes.known_at, 'infinity'), attributes.value::text collate "C")
returning lead_id;

-- name: count_impossible_orders
-- Stages of these lines of a file that lie before the first contact or before the MQL of their cycle.
select count(*)
from history.impossible_orders
where
    lead_id = any(%(leads)s::bigint[])
    and evidence ->> 'imported' = %(file)s::text
    and (evidence ->> 'line')::integer = any(%(lines)s::integer[]);

-- name: has_unread_activities
select exists(select from lifecycle.inbox where not_before is null) as has_unread;

-- name: create_rehearsed_keys
create temporary table if not exists rehearsed_keys (key text primary key);

-- name: add_rehearsed_keys
insert into rehearsed_keys (key)
select distinct asked.key
from unnest(%(keys)s::text[]) as asked (key)
on conflict (key) do nothing
returning key;

-- name: drop_rehearsed_keys
drop table rehearsed_keys;

-- name: delete_attributes
delete from history.attributes
where lead_id = any(%(lead_ids)s::bigint[]);
