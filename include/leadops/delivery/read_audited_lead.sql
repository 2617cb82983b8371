-- A lead's numbers and all that could change its score in the MA: equal twice means that nothing moved in between.
with of_lead as (
    select
        coalesce(sum(ledger.points), 0) as ledger,
        coalesce(sum(ledger.points) filter (where undelivered.why <> 'dropped'), 0) as under_way,
        coalesce(bool_or(undelivered.why = 'sending'), false) as is_sending,
        count(*) as ledger_rows,
        count(undelivered.ledger_seq) filter (where undelivered.why <> 'dropped') as open_rows
    from scoring.ledger as ledger
    left join delivery.undelivered_deltas as undelivered on ledger.seq = undelivered.ledger_seq
    where ledger.lead_id = %(lead_id)s
),

last_heal as (
    select
        heals.heal_id,
        effects.state
    from delivery.heals as heals
    left join delivery.outbox as effects on heals.outbox_id = effects.outbox_id
    where heals.lead_id = %(lead_id)s
    order by heals.heal_id desc
    limit 1
)

select
    of_lead.ledger,
    coalesce(scores.total, 0) as score,
    of_lead.under_way,
    of_lead.is_sending or coalesce(last_heal.state in ('pending', 'sending'), false) as is_unknown,
    of_lead.ledger_rows,
    of_lead.open_rows,
    last_heal.heal_id,
    coalesce(last_heal.state = 'dead', false) as is_refused,
    (
        select count(*)
        from delivery.external_ids as own
        inner join delivery.external_ids as others
            on own.target = others.target and own.external_id = others.external_id
        where own.target = 'ma' and own.lead_id = %(lead_id)s
    ) as sharers
from of_lead
left join scoring.scores as scores on scores.lead_id = %(lead_id)s
left join last_heal on true
