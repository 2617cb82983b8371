insert into touched (lead_id)
select lead_id
from scoring.fading
where due_on <= %(through)s and lead_id > %(after)s
order by lead_id
limit %(chunk_size)s
