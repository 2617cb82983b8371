-- Events of this chunk that were nobody's, and have an identifier that the last round linked.
with found as (
    select
        chunk.event_seq,
        linked.lead_id,
        linked.kind
    from chunk
    inner join linked on linked.kind = 'user_id' and chunk.user_id = linked.value
    where chunk.lead_id is null and linked.made_in = %(round)s - 1
    union all
    select
        chunk.event_seq,
        linked.lead_id,
        linked.kind
    from chunk
    inner join linked on linked.kind = 'anonymous_id' and chunk.anonymous_id = linked.value
    where chunk.lead_id is null and linked.made_in = %(round)s - 1
),

best as (
    select distinct on (event_seq)
        event_seq,
        lead_id
    from found
    order by event_seq asc, kind desc
)

update chunk
set
    lead_id = best.lead_id,
    found_in = %(round)s
from best
where chunk.event_seq = best.event_seq
