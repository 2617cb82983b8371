-- Events of this chunk that were nobody's, and have an identifier that was linked by now.
with found as (
    select
        chunk.event_seq,
        linked.lead_id
    from chunk
    inner join linked on linked.kind = 'enrichment_id' and chunk.enrichment_id = linked.value
    where chunk.lead_id is null and chunk.event_seq < coalesce(linked.until_seq, chunk.event_seq + 1)
    union all
    select
        chunk.event_seq,
        linked.lead_id
    from chunk
    inner join linked on linked.kind = 'user_id' and chunk.user_id = linked.value
    where chunk.lead_id is null and chunk.event_seq < coalesce(linked.until_seq, chunk.event_seq + 1)
    union all
    select
        chunk.event_seq,
        linked.lead_id
    from chunk
    inner join linked on linked.kind = 'anonymous_id' and chunk.anonymous_id = linked.value
    where chunk.lead_id is null and chunk.event_seq < coalesce(linked.until_seq, chunk.event_seq + 1)
)

update chunk
set lead_id = found.lead_id
from found
where chunk.event_seq = found.event_seq
