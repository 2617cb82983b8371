-- The leads of this chunk whose company's web site may have changed.
select distinct
    traits.lead_id,
    traits.value #>> '{}' as site
from chunk
inner join identity.traits as traits on chunk.lead_id = traits.lead_id and traits.trait = 'website'
where chunk.tells_traits
