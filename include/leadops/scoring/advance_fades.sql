-- New points make a lead due on the day on which they would begin to fade, which may be past.
with settings as materialized (
    select listed.*
    from jsonb_to_recordset(%(fading)s) as listed (
        rule text, half_life double precision, grace integer, floor double precision
    )
)

insert into scoring.fading as known (lead_id, due_on)
select
    differences.lead_id,
    min((differences.occurred_at at time zone %(zone)s)::date + 1 + coalesce(own.grace, general.grace))
from differences
left join settings as own on differences.rule = own.rule
cross join (select settings.grace from settings where settings.rule is null) as general
where differences.dimension = 'behaviour'
group by differences.lead_id
on conflict (lead_id) do update
    set due_on = excluded.due_on
    where known.due_on > excluded.due_on
