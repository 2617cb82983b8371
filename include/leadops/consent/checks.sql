-- name: list_stuck
-- Opt-outs that a system refused, or that have been on their way for too long. What waits for a lead that is gone there
-- waits in silence.
select
    effects.target,
    count(*) as opt_outs,
    min(effects.created_at) as oldest_at,
    (array_agg(effects.lead_id order by effects.created_at, effects.lead_id))[1:5] as lead_ids,
    count(*) filter (where effects.state = 'dead') as refused
from delivery.outbox as effects
where
    effects.operation = 'opt_out_lead'
    and effects.state in ('pending', 'sending', 'dead')
    and (effects.state = 'dead' or effects.created_at < %(before)s)
    and (
        effects.state <> 'pending'
        or exists (
            select from delivery.external_ids as known
            where
                known.target = effects.target
                and known.lead_id = effects.lead_id
                and known.state not in ('gone', 'recreating')
        )
    )
group by effects.target
order by effects.target;
