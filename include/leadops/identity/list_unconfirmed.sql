-- Identifiers that this chunk shows with their own lead's email, and that had come to it by others until now.
select distinct
    aliases.kind,
    aliases.value
from chunk
cross join
    lateral (
        values
        ('enrichment_id', chunk.enrichment_id, chunk.enrichment_lead),
        ('user_id', chunk.user_id, chunk.user_lead),
        ('anonymous_id', chunk.anonymous_id, chunk.anonymous_lead)
    ) as shown (kind, value, lead_id)
inner join identity.aliases as aliases on shown.kind = aliases.kind and shown.value = aliases.value
where
    chunk.is_link
    and chunk.email is not null
    and shown.lead_id = chunk.lead_id
    and aliases.confirmed_seq is null
