select lead_id
from identity.leads
where lead_id = %(lead_id)s or email = %(email)s
