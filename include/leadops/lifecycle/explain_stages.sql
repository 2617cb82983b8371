-- name: list_stages
select
    reached.cycle,
    reached.stage,
    reached.occurred_at,
    reached.evidence,
    reached.own_lead_id as lead_id
from lifecycle.current_transitions as reached
where
    reached.lead_id = coalesce(
        (select people.person_id from identity.people as people where people.lead_id = %(lead_id)s), %(lead_id)s
    )
order by
    reached.cycle asc,
    array_position(array['mql', 'sal', 'sql', 'lost', 'won'], reached.stage) asc;
