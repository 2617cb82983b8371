-- name: append
-- One lead's rows lie beside each other, so that delivery can send them in one call.
insert into scoring.ledger (
    lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, rule_set_id, lane, is_live, reason
)
select
    lead_id,
    points,
    dimension,
    kind,
    rule,
    event_seq,
    occurred_at,
    %(now)s,
    %(rule_set_id)s,
    case when %(is_live)s and (live_at is not null or (points < 0 and kind <> 'rule')) then 0 else 1 end,
    %(is_live)s and live_at is not null,
    reason
from differences
order by lead_id, occurred_at, event_seq, rule;

-- name: change_scores
with sums as (
    select
        lead_id,
        coalesce(sum(points) filter (where dimension = 'fit'), 0) as fit,
        coalesce(sum(points) filter (where dimension = 'behaviour'), 0) as behaviour
    from differences
    group by lead_id
)

insert into scoring.scores (lead_id, fit, behaviour, updated_at)
select
    lead_id,
    fit,
    behaviour,
    %(now)s
from sums
on conflict (lead_id) do update
    set
        fit = scores.fit + excluded.fit,
        behaviour = scores.behaviour + excluded.behaviour,
        updated_at = excluded.updated_at;

-- name: analyze_ledger
analyze scoring.ledger;

-- name: read_kind
select kind from scoring.ledger where seq = %(ledger_seq)s;

-- name: write_off
with written as (
    insert into scoring.ledger (
        lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, rule_set_id, lane, is_live, reason,
        reverses
    )
    select
        lead_id,
        -points,
        dimension,
        'write_off',
        rule,
        event_seq,
        %(now)s as occurred_at,
        %(now)s as recorded_at,
        rule_set_id,
        null,
        false,
        %(reason)s,
        seq
    from scoring.ledger
    where seq = %(ledger_seq)s
    on conflict (reverses) where reverses is not null do nothing
    returning lead_id, points, dimension
)

update scoring.scores
set
    fit = scores.fit + case written.dimension when 'fit' then written.points else 0 end,
    behaviour = scores.behaviour + case written.dimension when 'behaviour' then written.points else 0 end,
    model = scores.model + case written.dimension when 'model' then written.points else 0 end,
    updated_at = %(now)s
from written
where scores.lead_id = written.lead_id;
