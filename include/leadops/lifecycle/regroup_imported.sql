-- The past of joined leads may change which cycle of the person each is.
insert into lifecycle.regroupings (lead_id)
select people.lead_id
from identity.people as people
where people.lead_id = any(%(leads)s::bigint[])
