-- What a past day decides anew changes nothing today when a later day has decided since.
select champion_id
from training.decisions
where %(before)s::date is null or day < %(before)s::date
order by day desc, decision_id desc
limit 1
