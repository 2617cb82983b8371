-- name: read_standing
-- By what decide_mqls looks at: the scores, the latest cycle, and what was earned after its end.
select
    coalesce(scores.fit, 0) as fit,
    coalesce(scores.behaviour, 0) as behaviour,
    coalesce(scores.total, 0) as total,
    latest.cycle,
    (
        select mql.occurred_at from lifecycle.current_transitions as mql
        where mql.lead_id = leads.lead_id and mql.cycle = latest.cycle and mql.stage = 'mql'
    ) as mql_at,
    latest.ended_at,
    coalesce(
        (
            select sum(ledger.points) from scoring.ledger as ledger
            where
                ledger.lead_id = leads.lead_id
                and ledger.dimension = 'behaviour'
                and ledger.kind in ('rule', 'correction')
                and ledger.occurred_at > latest.ended_at
        ), 0
    )::integer as again_behaviour,
    leads.only_claimed,
    leads.erased_at is not null as is_erased,
    uncounted.reason as uncounted,
    nullif(schedule.due_on, 'infinity') as decays_on
from identity.leads as leads
left join scoring.scores as scores on leads.lead_id = scores.lead_id
left join identity.uncounted_leads as uncounted on leads.lead_id = uncounted.lead_id
left join scoring.decay_schedule as schedule on leads.lead_id = schedule.lead_id
left join lateral lifecycle.find_latest_cycle(leads.lead_id) as latest on true
where leads.lead_id = %(person_id)s;
