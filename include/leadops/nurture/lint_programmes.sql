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
