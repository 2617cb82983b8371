insert into touched (lead_id)
select distinct lead_id
from scoring.inbox
where lead_id > %(after)s
order by lead_id
limit %(chunk_size)s
