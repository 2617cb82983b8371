-- name: list_classified
insert into classified (person_id, lead_id)
select
    lead_id,
    member_id
from members;
