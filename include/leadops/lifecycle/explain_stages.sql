-- name: find_crm_id
-- The lead's own id, else that of its person.
select known.external_id
from lifecycle.crm_leads as known
where
    known.lead_id = %(lead_id)s
    or known.lead_id = (select people.person_id from identity.people as people where people.lead_id = %(lead_id)s)
order by known.lead_id = %(lead_id)s desc
limit 1;

-- name: list_stages
select
    reached.cycle,
    reached.stage,
    reached.occurred_at,
    reached.evidence,
    reached.own_lead_id as lead_id
from lifecycle.person_transitions as reached
where
    reached.lead_id = coalesce(
        (select people.person_id from identity.people as people where people.lead_id = %(lead_id)s), %(lead_id)s
    )
order by
    reached.cycle asc,
    array_position(array['mql', 'sal', 'sql', 'lost', 'won'], reached.stage) asc;
