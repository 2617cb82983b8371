insert into touched (lead_id)
select lead_id
from scoring.fading
where due_on <= %(through)s
order by due_on, lead_id
limit %(chunk_size)s
