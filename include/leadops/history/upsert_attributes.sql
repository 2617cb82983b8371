-- Of an attribute told twice the one known first counts, and of two at once always the same.
insert into history.attributes (lead_id, attribute, value, known_at)
select distinct on (given.lead_id, given.attribute)
    given.lead_id,
    given.attribute,
    given.value,
    given.known_at
from
    jsonb_to_recordset(%(rows)s) as given (lead_id bigint, attribute text, value jsonb, known_at timestamptz)
order by
    given.lead_id asc, given.attribute asc, given.known_at asc nulls last, given.value::text collate "C" asc
on conflict (lead_id, attribute) do update
    set value = excluded.value, known_at = excluded.known_at
    where
    (coalesce(excluded.known_at, 'infinity'), excluded.value::text collate "C")
    < (coalesce(attributes.known_at, 'infinity'), attributes.value::text collate "C")
returning lead_id
