select
    older_lead_id,
    younger_lead_id
from identity.separations
where younger_lead_id in (select involved.lead_id from involved)
