insert into touched (lead_id)
select lead_id
from (
    select lead_id
    from scoring.inbox
    union
    select people.person_id
    from scoring.inbox
    inner join identity.people as people on inbox.lead_id = people.lead_id
) as waiting
where lead_id > %(after)s
order by lead_id
limit %(chunk_size)s
