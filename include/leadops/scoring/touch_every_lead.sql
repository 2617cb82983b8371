insert into touched (lead_id)
select lead_id
from identity.leads
where lead_id > %(after)s
order by lead_id
limit %(chunk_size)s
