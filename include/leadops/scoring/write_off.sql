with written as (
    insert into scoring.ledger (
        lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, rule_set_id, lane, reason, reverses
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
where scores.lead_id = written.lead_id
