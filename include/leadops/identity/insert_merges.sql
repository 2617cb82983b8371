insert into identity.lead_merges (older_lead_id, younger_lead_id, kind, value, event_seq, merged_at)
select
    older_lead_id,
    younger_lead_id,
    kind,
    value,
    event_seq,
    %(now)s
from
    unnest(
        %(older)s::bigint[], %(younger)s::bigint[], %(kinds)s::text[], %(values)s::text[], %(event_seqs)s::bigint[]
    ) as joined (older_lead_id, younger_lead_id, kind, value, event_seq)
order by event_seq, older_lead_id, younger_lead_id
