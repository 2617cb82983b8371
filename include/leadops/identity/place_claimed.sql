-- Emails that somebody claimed since the chunk was looked up: their events go to that lead.
update chunk
set lead_id = claimed.lead_id
from identity.aliases as claimed
where
    chunk.lead_id is null
    and chunk.email is not null
    and claimed.kind = 'email'
    and chunk.email = claimed.value
