-- New points make a lead due on the day on which they would begin to fade, which may be past. A moment is turned into
-- a day once for each lead and grace, not for each row.
with settings as materialized (
    select listed.*
    from jsonb_to_recordset(%(fading)s) as listed (
        rule text, half_life double precision, grace integer, floor double precision
    )
),

earliest as (
    select
        differences.lead_id,
        coalesce(own.grace, general.grace) as grace,
        min(differences.occurred_at) as occurred_at
    from differences
    left join settings as own on differences.rule = own.rule
    cross join (select settings.grace from settings where settings.rule is null) as general
    where differences.dimension = 'behaviour'
    group by differences.lead_id, coalesce(own.grace, general.grace)
)

insert into scoring.fading as known (lead_id, due_on)
select
    lead_id,
    min((occurred_at at time zone %(zone)s)::date + 1 + grace)
from earliest
group by lead_id
on conflict (lead_id) do update
    set due_on = excluded.due_on
    where known.due_on > excluded.due_on
