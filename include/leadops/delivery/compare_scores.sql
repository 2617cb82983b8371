-- A lead's ledger, its score and the MA's score, where they do not agree; what is under way is taken off.
with totals as (
    select
        lead_id,
        sum(points) as ledger
    from scoring.ledger
    group by lead_id
),

-- Put right in the MA, or about to be: nobody knows what it says until that is settled.
healing as (
    select distinct lead_id
    from delivery.outbox
    where target = 'ma' and operation = 'correct_score' and state in ('pending', 'sending')
),

open_points as (
    select
        ledger.lead_id,
        sum(ledger.points) as points,
        bool_or(undelivered.why = 'sending') as unknown
    from delivery.undelivered_deltas as undelivered
    inner join scoring.ledger as ledger on undelivered.ledger_seq = ledger.seq
    where undelivered.why <> 'dropped'
    group by ledger.lead_id
),

compared as (
    select
        leads.lead_id,
        leads.email,
        known.external_id,
        coalesce(totals.ledger, 0) as ledger,
        coalesce(scores.total, 0) as score,
        audited.score as ma,
        coalesce(open_points.points, 0) as under_way,
        coalesce(open_points.unknown, false) or healing.lead_id is not null as unknown
    from identity.leads as leads
    left join totals on leads.lead_id = totals.lead_id
    left join scoring.scores as scores on leads.lead_id = scores.lead_id
    left join delivery.external_ids as known on leads.lead_id = known.lead_id and known.target = 'ma'
    left join audited_leads as audited on known.external_id = audited.external_id
    left join open_points on leads.lead_id = open_points.lead_id
    left join healing on leads.lead_id = healing.lead_id
)

select
    lead_id,
    external_id,
    ledger,
    score,
    ma,
    under_way,
    unknown
from compared
where
    ledger <> score
    or under_way <> 0
    -- A lead whose address is not known cannot be in the MA.
    or (ma is distinct from score and (ma is not null or (score <> 0 and email is not null)))
order by lead_id
