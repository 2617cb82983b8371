-- name: withdraw_mqls
-- Points carry the date of their reason, and so do corrections: what remains up to the day of the MQL is what it stands
-- on. An MQL that sales worked on, or of which more is recorded, stays.
with corrected as (
    select distinct ledger.lead_id
    from scoring.ledger as ledger
    inner join machines.verdicts as verdicts
        on ledger.event_seq = verdicts.event_seq and verdicts.freed_because is null
    where ledger.seq > %(from_seq)s and ledger.seq <= %(to_seq)s and ledger.kind = 'correction' and ledger.points < 0
),

newest as (
    select distinct on (stages.lead_id) stages.*
    from corrected
    inner join lifecycle.current_transitions as stages on corrected.lead_id = stages.lead_id
    order by stages.lead_id asc, stages.cycle desc, stages.stage <> 'mql' desc
),

doubtful as (
    select
        newest.*,
        newest.evidence -> 'thresholds' as thresholds
    from newest
    where
        newest.stage = 'mql'
        and newest.evidence ? 'thresholds'
        and not exists (
            select from lifecycle.links as links
            inner join crm.activities as activities on links.crm_lead_id = activities.crm_lead_id
            where
                (
                    links.lead_id = newest.lead_id
                    or links.lead_id in (
                        select people.lead_id from identity.people as people where people.person_id = newest.lead_id
                    )
                )
                and activities.occurred_at >= newest.occurred_at
        )
),

remaining as (
    select
        doubtful.own_lead_id,
        doubtful.own_cycle,
        doubtful.thresholds,
        coalesce(sum(ledger.points) filter (where ledger.dimension = 'fit'), 0) as fit,
        coalesce(sum(ledger.points) filter (where ledger.dimension = 'behaviour'), 0) as behaviour,
        coalesce(sum(ledger.points), 0) as total,
        coalesce(
            sum(ledger.points) filter (
                where
                ledger.dimension = 'behaviour'
                and ledger.occurred_at > (doubtful.thresholds ->> 'since')::timestamptz
            ), 0
        ) as behaviour_again
    from doubtful
    left join scoring.ledger as ledger
        on
            doubtful.lead_id = ledger.lead_id
            and doubtful.occurred_at >= ledger.occurred_at
            and ledger.kind <> 'decay'
    group by doubtful.own_lead_id, doubtful.own_cycle, doubtful.thresholds
)

delete from lifecycle.transitions
using remaining
where
    transitions.lead_id = remaining.own_lead_id
    and transitions.cycle = remaining.own_cycle
    and transitions.stage = 'mql'
    and (
        remaining.fit < (remaining.thresholds ->> 'fit')::integer
        or remaining.behaviour < (remaining.thresholds ->> 'behaviour')::integer
        or remaining.total < (remaining.thresholds ->> 'total')::integer
        or (
            remaining.thresholds ->> 'since' is not null
            and remaining.behaviour_again < (remaining.thresholds ->> 'again_behaviour')::integer
        )
    )
returning transitions.lead_id, transitions.cycle;
