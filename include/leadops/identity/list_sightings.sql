-- What is known already of the identifiers that this chunk shows with another lead's email.
select distinct
    sightings.kind,
    sightings.value,
    sightings.lead_id,
    sightings.event_seq
from chunk
cross join
    lateral (
        values
        ('enrichment_id', chunk.enrichment_id, chunk.enrichment_lead),
        ('user_id', chunk.user_id, chunk.user_lead),
        ('anonymous_id', chunk.anonymous_id, chunk.anonymous_lead)
    ) as shown (kind, value, lead_id)
inner join identity.sightings as sightings on shown.kind = sightings.kind and shown.value = sightings.value
where chunk.is_link and chunk.email is not null and shown.lead_id <> chunk.lead_id
