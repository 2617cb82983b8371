-- name: list_names
select
    rep_id,
    profile ->> 'name' as name
from crm.reps
where rep_id = any(%(rep_ids)s::text[]) and profile ->> 'name' <> '';

-- name: list_people
-- An erased lead has no address; its number and its company stay.
select
    leads.lead_id,
    leads.email,
    accounts.domain as company
from identity.leads as leads
left join identity.accounts as accounts on leads.account_id = accounts.account_id
where leads.lead_id = any(%(lead_ids)s::bigint[]);
