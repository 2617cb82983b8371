-- Who has a row keeps one, with a later day: a lead whose points are all corrected away is not due for ever.
insert into scoring.fading (lead_id, due_on)
select
    fades.lead_id,
    fades.due_on
from fades
left join scoring.fading as known on fades.lead_id = known.lead_id
where
    (fades.points > 0 or fades.taken <> 0 or known.lead_id is not null)
    and fades.due_on is distinct from known.due_on
on conflict (lead_id) do update
    set due_on = excluded.due_on
