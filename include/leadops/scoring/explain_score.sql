-- name: read_score
select
    leads.lead_id,
    coalesce(scores.fit, 0) as fit,
    coalesce(scores.behaviour, 0) as behaviour,
    coalesce(scores.model, 0) as model,
    coalesce(scores.total, 0) as total
from identity.leads as leads
left join scoring.scores as scores on leads.lead_id = scores.lead_id
where leads.lead_id = %(lead_id)s;

-- name: list_ledger
select
    ledger.seq,
    ledger.occurred_at,
    ledger.recorded_at,
    ledger.points,
    sum(ledger.points) over (order by ledger.seq)::integer as running,
    ledger.dimension,
    ledger.kind,
    ledger.rule,
    events.event,
    split_part(split_part(events.payload #>> '{context,page}', '?', 1), '#', 1) as page,
    ledger.reason
from scoring.ledger as ledger
left join cdp.events as events on ledger.event_seq = events.seq
where ledger.lead_id = %(lead_id)s
order by ledger.seq;
