select lead_id
from identity.sightings
union
select lead_id
from identity.people
