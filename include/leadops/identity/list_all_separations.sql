select
    older_lead_id,
    younger_lead_id
from identity.separations
