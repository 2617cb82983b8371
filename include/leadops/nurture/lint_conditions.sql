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
