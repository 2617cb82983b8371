-- Emails whose lead no resolver made: an import, or a form that could not wait.
select
    aliases.value as email,
    aliases.lead_id
from identity.aliases as aliases
inner join identity.leads as leads on aliases.lead_id = leads.lead_id
where aliases.kind = 'email' and (leads.is_claimed or leads.first_event_seq is null or aliases.event_seq is null)
