-- name: withdraw_mqls
-- An MQL that sales worked on, or of which more is recorded, stays.
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
    select newest.*
    from newest
    where
        newest.stage = 'mql'
        and newest.evidence ? 'thresholds'
        and not exists (
            select from lifecycle.links as links
            inner join crm.activities as activities on links.crm_lead_id = activities.crm_lead_id
            where
                links.lead_id in (
                    select people.lead_id from identity.people as people where people.person_id = newest.lead_id
                    union
                    select newest.lead_id
                )
                and activities.occurred_at >= newest.occurred_at
        )
)

delete from lifecycle.transitions
using doubtful
where
    transitions.lead_id = doubtful.own_lead_id
    and transitions.cycle = doubtful.own_cycle
    and transitions.stage = 'mql'
    and lifecycle.misses_thresholds(doubtful.lead_id, doubtful.occurred_at, doubtful.evidence -> 'thresholds')
returning transitions.lead_id, transitions.cycle;
