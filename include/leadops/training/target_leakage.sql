-- name: count_late
-- How many leads have each attribute, and for how many it became known only after the observation.
select
    attributes.attribute,
    count(*) as leads,
    count(*) filter (where attributes.known_at is null or attributes.known_at > observations.at) as late
from observations
inner join identities on observations.place = identities.place
inner join history.attributes as attributes on identities.lead_id = attributes.lead_id
where attributes.attribute = any(%(attributes)s) and attributes.value <> 'null'
group by attributes.attribute
order by attributes.attribute;
