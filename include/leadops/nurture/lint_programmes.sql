-- name: find_events
-- Whether events of each condition came since a moment, and whether one of them fits it.
with conditions as materialized (
    select listed.*
    from jsonb_to_recordset(%(conditions)s) as listed (place integer, event text, condition jsonpath)
)

select
    conditions.place,
    exists(
        select from cdp.events as events
        where events.received_at >= %(since)s and events.event = conditions.event
    ) as came,
    exists(
        select from cdp.events as events
        where
            events.received_at >= %(since)s
            and events.event = conditions.event
            and case when conditions.condition is null then true else events.payload @@ conditions.condition end
    ) as fits
from conditions
order by conditions.place;

-- name: match_examples
-- The conditions that each example fits; a condition that is null fits every event.
with conditions as materialized (
    select listed.*
    from jsonb_to_recordset(%(conditions)s) as listed (place integer, condition jsonpath)
)

select
    conditions.place as condition,
    examples.place as example
from conditions
cross join jsonb_to_recordset(%(examples)s) as examples (place integer, payload jsonb)
where case when conditions.condition is null then true else examples.payload @@ conditions.condition end
order by conditions.place, examples.place;
