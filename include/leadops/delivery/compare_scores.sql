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
        -- A total that is set may contain changes that still wait.
        bool_or(
            undelivered.why = 'sending' or (%(sets_totals)s and undelivered.why in ('waiting', 'held'))
        ) as unknown
    from delivery.undelivered_deltas as undelivered
    inner join scoring.ledger as ledger on undelivered.ledger_seq = ledger.seq
    where undelivered.why <> 'dropped'
    group by ledger.lead_id
),

compared as (
    -- Leads of ours with one id in the MA, after a merge there, share its score.
    select
        min(leads.lead_id) as lead_id,
        known.external_id,
        sum(coalesce(totals.ledger, 0))::bigint as ledger,
        sum(coalesce(scores.total, 0))::bigint as score,
        max(ma_scores.score) as ma,
        sum(coalesce(open_points.points, 0))::bigint as under_way,
        bool_or(
            coalesce(open_points.unknown, false)
            or correcting.lead_id is not null
            or coalesce(known.state in ('unaligned', 'recreating'), false)
            or (%(sets_totals)s and given.due_at is not null)
        ) as is_unknown,
        bool_or(coalesce(totals.ledger, 0) <> coalesce(scores.total, 0)) as is_inconsistent,
        bool_or(coalesce(known.state = 'gone', false)) as is_gone,
        bool_or(leads.email is not null) as has_email
    from identity.leads as leads
    left join totals on leads.lead_id = totals.lead_id
    left join scoring.scores as scores on leads.lead_id = scores.lead_id
    left join delivery.external_ids as known on leads.lead_id = known.lead_id and known.target = 'ma'
    left join delivery.totals as given
        on known.target = given.target and known.lead_id = given.lead_id and known.external_id = given.external_id
    left join ma_scores on known.external_id = ma_scores.external_id
    left join open_points on leads.lead_id = open_points.lead_id
    left join correcting on leads.lead_id = correcting.lead_id
    where not exists (select from identity.canary_leads as canaries where canaries.lead_id = leads.lead_id)
    group by known.external_id, case when known.external_id is null then leads.lead_id end
)

select
    lead_id,
    external_id,
    ledger,
    score,
    ma,
    under_way,
    is_unknown,
    is_inconsistent
from compared
where
    is_inconsistent
    or (
        not is_gone
        and (
            is_unknown
            or under_way <> 0
            -- A lead without an address cannot be in the MA.
            or (ma is distinct from score and (ma is not null or (score <> 0 and has_email)))
        )
    )
order by lead_id;

-- name: find_gone
-- Leads that were gone, and are in the MA again.
select distinct ma_scores.external_id
from ma_scores
inner join delivery.external_ids as known on ma_scores.external_id = known.external_id
where known.target = 'ma' and known.state = 'gone';

-- name: count_leads
select count(*) from identity.leads
where not exists (select from identity.canary_leads as canaries where canaries.lead_id = leads.lead_id);

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
-- The numbers of a lead, and of those with its id in the MA, and everything that could change its score there: equal
-- twice means unchanged in between.
with sharers as (
    select %(lead_id)s::bigint as lead_id
    union
    select others.lead_id
    from delivery.external_ids as own
    inner join delivery.external_ids as others
        on own.target = others.target and own.external_id = others.external_id
    where own.target = 'ma' and own.lead_id = %(lead_id)s
),

by_lead as (
    select
        sharers.lead_id,
        coalesce(sum(ledger.points), 0)::bigint as ledger,
        coalesce(sum(ledger.points) filter (where undelivered.why <> 'dropped'), 0)::bigint as under_way,
        coalesce(sum(ledger.points) filter (where undelivered.why = 'held'), 0)::bigint as held,
        coalesce(
            bool_or(
                undelivered.why = 'sending' or (%(sets_totals)s and undelivered.why in ('waiting', 'held'))
            ), false
        ) as is_sending,
        count(ledger.seq) as ledger_rows,
        coalesce(max(ledger.seq), 0) as newest_seq,
        count(undelivered.ledger_seq) filter (where undelivered.why <> 'dropped') as open_rows
    from sharers
    left join scoring.ledger as ledger on sharers.lead_id = ledger.lead_id
    left join delivery.undelivered_deltas as undelivered on ledger.seq = undelivered.ledger_seq
    group by sharers.lead_id
),

last_correction as (
    select
        corrections.correction_id,
        effects.state
    from delivery.score_corrections as corrections
    inner join sharers on corrections.lead_id = sharers.lead_id
    left join delivery.outbox as effects on corrections.outbox_id = effects.outbox_id
    order by corrections.correction_id desc
    limit 1
)

select
    sum(by_lead.ledger)::bigint as ledger,
    sum(coalesce(scores.total, 0))::bigint as score,
    bool_or(by_lead.ledger <> coalesce(scores.total, 0)) as is_inconsistent,
    sum(by_lead.under_way)::bigint as under_way,
    sum(by_lead.held)::bigint as held,
    bool_or(by_lead.is_sending)
    or coalesce((select state in ('pending', 'sending') from last_correction), false)
    or (%(sets_totals)s and bool_or(given.due_at is not null)) as is_unknown,
    sum(by_lead.ledger_rows)::bigint as ledger_rows,
    max(by_lead.newest_seq)::bigint as newest_seq,
    sum(by_lead.open_rows)::bigint as open_rows,
    (select correction_id from last_correction) as correction_id,
    coalesce((select state = 'dead' from last_correction), false)
    or (%(sets_totals)s and bool_or(given.refused is not null)) as is_refused,
    bool_and(coalesce(known.state = 'present', true)) as is_present,
    count(*) as sharers
from by_lead
left join scoring.scores as scores on by_lead.lead_id = scores.lead_id
left join delivery.external_ids as known on by_lead.lead_id = known.lead_id and known.target = 'ma'
left join delivery.totals as given
    on known.target = given.target and known.lead_id = given.lead_id and known.external_id = given.external_id;

-- name: insert_audit
insert into delivery.audits (night, audited_by, begun_at, correction_limit, missing_limit)
values (%(night)s, %(audited_by)s, %(now)s, %(correction_limit)s, %(missing_limit)s)
returning audit_id;

-- name: count_corrections
select count(*)
from delivery.score_corrections as corrections
inner join delivery.audits as audits on corrections.audit_id = audits.audit_id
where audits.night = %(night)s;

-- name: end_audit
update delivery.audits
set
    ended_at = %(now)s,
    leads = %(leads)s,
    ma_leads = %(ma_leads)s,
    under_way = %(under_way)s,
    differing = %(differing)s,
    missing_in_ma = %(missing_in_ma)s,
    inconsistent = %(inconsistent)s,
    unmatched = %(unmatched)s,
    gone = %(gone)s,
    corrected = %(corrected)s,
    lead_ids = %(lead_ids)s
where audit_id = %(audit_id)s;

-- name: sum_settled_points
with undelivered as materialized (
    select
        ledger_seq,
        batch_id
    from delivery.undelivered_deltas
    where target = %(target)s
),

known as (
    select
        external_id,
        lead_id
    from delivery.external_ids
    where target = %(target)s and external_id = any(%(external_ids)s::text[])
),

settled as (
    -- Two leads of ours with one id there share its score.
    select
        known.external_id,
        coalesce(sum(ledger.points) filter (where undelivered.ledger_seq is null), 0)::bigint as points
    from known
    inner join scoring.ledger as ledger on known.lead_id = ledger.lead_id and ledger.lane is not null
    left join undelivered on ledger.seq = undelivered.ledger_seq
    group by known.external_id
),

-- What else may have reached the target: another open batch, a correction, a dead letter of unknown outcome.
other_calls as (
    select
        known.external_id,
        sum(ledger.points)::bigint as points
    from known
    inner join scoring.ledger as ledger on known.lead_id = ledger.lead_id
    inner join undelivered on ledger.seq = undelivered.ledger_seq
    inner join delivery.batches as batches on undelivered.batch_id = batches.batch_id
    where undelivered.batch_id is distinct from %(batch_id)s::bigint
    -- What an answer left unknown took effect row by row.
    group by known.external_id, undelivered.batch_id, case when batches.is_answered then undelivered.ledger_seq end
    union all
    select
        known.external_id,
        coalesce((corrections.payload ->> 'points')::bigint, 0) as points
    from known
    inner join delivery.outbox as corrections on known.lead_id = corrections.lead_id
    where corrections.operation = 'correct_score' and corrections.state in ('pending', 'sending')
    union all
    select
        known.external_id,
        letters.points
    from known
    inner join delivery.dead_letters as letters on known.lead_id = letters.lead_id
    where
        letters.target = %(target)s
        and letters.kind = 'delta'
        and letters.state = 'open'
        and letters.reason = %(ambiguous)s
)

select
    settled.external_id,
    settled.points,
    coalesce(
        (
            select array_agg(other_calls.points order by other_calls.points)
            from other_calls
            where other_calls.external_id = settled.external_id
        ),
        '{}'
    )::bigint[] as others
from settled;
