-- The identifiers of the chunk that only events of the backfill have shown.
select
    shown.kind,
    shown.value
from chunk
cross join
    lateral (
        values
        ('user_id', chunk.user_id),
        ('anonymous_id', chunk.anonymous_id),
        ('enrichment_id', chunk.enrichment_id)
    ) as shown (kind, value)
where chunk.is_link and shown.value is not null
group by shown.kind, shown.value
having min(chunk.lane) = 1
