-- name: create_ma_scores
create temporary table if not exists ma_scores (
    external_id text not null,
    score bigint not null
) on commit delete rows;

-- name: copy_ma_scores
copy ma_scores (external_id, score) from stdin;

-- name: delete_repeated_scores
-- While the pages were read, a lead may have moved to a later page, and is listed twice: the later score counts.
delete from ma_scores as earlier
using ma_scores as later
where earlier.external_id = later.external_id and earlier.ctid < later.ctid;

-- name: compare_scores
-- Leads whose ledger, score and score in the MA differ, or that have points under way.
with totals as (
    select
        lead_id,
        sum(points) as ledger
    from scoring.ledger
    group by lead_id
),

-- A correction is on its way: the MA's score is unknown until it is settled.
correcting as (
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
        coalesce(totals.ledger, 0)::bigint as ledger,
        coalesce(scores.total, 0) as score,
        ma_scores.score as ma,
        coalesce(open_points.points, 0)::bigint as under_way,
        coalesce(open_points.unknown, false) or correcting.lead_id is not null as is_unknown
    from identity.leads as leads
    left join totals on leads.lead_id = totals.lead_id
    left join scoring.scores as scores on leads.lead_id = scores.lead_id
    left join delivery.external_ids as known on leads.lead_id = known.lead_id and known.target = 'ma'
    left join ma_scores on known.external_id = ma_scores.external_id
    left join open_points on leads.lead_id = open_points.lead_id
    left join correcting on leads.lead_id = correcting.lead_id
)

select
    lead_id,
    external_id,
    ledger,
    score,
    ma,
    under_way,
    is_unknown
from compared
where
    ledger <> score
    or under_way <> 0
    -- A lead without an address cannot be in the MA.
    or (ma is distinct from score and (ma is not null or (score <> 0 and email is not null)))
order by lead_id;

-- name: count_leads
select count(*) from identity.leads;

-- name: count_unmatched
select count(*)
from ma_scores
where
    not exists (
        select 1 from delivery.external_ids as known
        where known.target = 'ma' and known.external_id = ma_scores.external_id
    );

-- name: list_unmatched
-- Their ids are enough to look them up in the MA.
select
    ma_scores.external_id as ma_id,
    ma_scores.score
from ma_scores
where
    not exists (
        select 1 from delivery.external_ids as known
        where known.target = 'ma' and known.external_id = ma_scores.external_id
    )
order by length(ma_scores.external_id), ma_scores.external_id
limit %(max_rows)s;

-- name: read_lead
-- A lead's numbers and everything that could change its score in the MA: equal twice means unchanged in between.
with of_lead as (
    select
        coalesce(sum(ledger.points), 0)::bigint as ledger,
        coalesce(sum(ledger.points) filter (where undelivered.why <> 'dropped'), 0)::bigint as under_way,
        coalesce(bool_or(undelivered.why = 'sending'), false) as is_sending,
        count(*) as ledger_rows,
        count(undelivered.ledger_seq) filter (where undelivered.why <> 'dropped') as open_rows
    from scoring.ledger as ledger
    left join delivery.undelivered_deltas as undelivered on ledger.seq = undelivered.ledger_seq
    where ledger.lead_id = %(lead_id)s
),

last_correction as (
    select
        corrections.correction_id,
        effects.state
    from delivery.score_corrections as corrections
    left join delivery.outbox as effects on corrections.outbox_id = effects.outbox_id
    where corrections.lead_id = %(lead_id)s
    order by corrections.correction_id desc
    limit 1
)

select
    of_lead.ledger,
    coalesce(scores.total, 0) as score,
    of_lead.under_way,
    of_lead.is_sending or coalesce(last_correction.state in ('pending', 'sending'), false) as is_unknown,
    of_lead.ledger_rows,
    of_lead.open_rows,
    last_correction.correction_id,
    coalesce(last_correction.state = 'dead', false) as is_refused,
    (
        select count(*)
        from delivery.external_ids as own
        inner join delivery.external_ids as others
            on own.target = others.target and own.external_id = others.external_id
        where own.target = 'ma' and own.lead_id = %(lead_id)s
    ) as sharers
from of_lead
left join scoring.scores as scores on scores.lead_id = %(lead_id)s
left join last_correction on true;
