-- How many of the leads have each attribute, and of how many it became known only after their moment.
select
    attributes.attribute,
    count(*) as told,
    count(*) filter (where attributes.known_at is null or attributes.known_at > moments.at) as late
from moments
inner join sources on moments.place = sources.place
inner join history.attributes as attributes on sources.lead_id = attributes.lead_id
where attributes.attribute = any(%(attributes)s) and attributes.value <> 'null'
group by attributes.attribute
order by attributes.attribute
