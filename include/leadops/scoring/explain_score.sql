-- name: read_score
select
    leads.lead_id,
    coalesce(scores.fit, 0) as fit,
    coalesce(scores.behaviour, 0) as behaviour,
    coalesce(scores.model, 0) as model,
    coalesce(scores.total, 0) as total,
    coalesce(
        (select sum(ledger.points) from scoring.ledger as ledger where ledger.lead_id = leads.lead_id), 0
    )::integer as ledger
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

-- name: list_machine_acts
select
    events.ts as occurred_at,
    events.event,
    acts.mail,
    coalesce(acts.link, events.payload #>> '{context,page}') as link,
    verdicts.signal,
    verdicts.reason,
    verdicts.freed_because
from machines.verdicts as verdicts
inner join cdp.events as events on verdicts.event_seq = events.seq
left join machines.acts as acts on verdicts.lead_id = acts.lead_id and verdicts.event_seq = acts.event_seq
where
    -- A list, and no `or`, so that only these leads are looked up.
    verdicts.lead_id in (
        select people.lead_id from identity.people as people where people.person_id = %(lead_id)s
        union
        select %(lead_id)s
    )
order by events.ts, events.seq;

-- name: list_event_points
select
    ledger.seq,
    ledger.lead_id,
    ledger.event_seq,
    case when ledger.kind in ('correction', 'write_off') then ledger.recorded_at else ledger.occurred_at end as at,
    ledger.points,
    ledger.dimension,
    ledger.kind,
    ledger.rule,
    ledger.reason
from scoring.ledger as ledger
where ledger.lead_id = any(%(lead_ids)s::bigint[]) and ledger.event_seq = any(%(event_seqs)s::bigint[])
order by ledger.event_seq, ledger.seq;

-- name: list_other_points
select
    seq,
    lead_id,
    event_seq,
    at,
    points,
    dimension,
    kind,
    rule,
    reason
from (
    select
        ledger.*,
        case when ledger.kind in ('correction', 'write_off') then ledger.recorded_at else ledger.occurred_at end as at
    from scoring.ledger as ledger
    where ledger.lead_id = any(%(lead_ids)s::bigint[]) and ledger.event_seq is null
) as other
where (at, seq) < (%(before)s::timestamptz, %(below)s::bigint)
order by at desc, seq desc
limit %(max_rows)s;
