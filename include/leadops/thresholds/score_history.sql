-- name: count_labels
-- Mature MQLs by the score with which they became MQL, and how many became SQL within the days of maturing.
with known as materialized (
    select
        lead_id,
        cycle,
        stage,
        occurred_at,
        evidence
    from lifecycle.counted_transitions
    where
        stage in ('mql', 'sql')
        and occurred_at >= %(labels_since)s
        and occurred_at < %(until)s
        and recorded_at < %(until)s
),

mqls as (
    select
        mql.lead_id,
        coalesce((mql.evidence ->> 'total')::integer, ledger.total) as score,
        sql.lead_id is not null as became_sql
    from known as mql
    left join known as sql
        on
            mql.lead_id = sql.lead_id
            and mql.cycle = sql.cycle
            and sql.stage = 'sql'
            and mql.occurred_at <= sql.occurred_at
            and sql.occurred_at < mql.occurred_at + make_interval(days => %(mature_days)s)
    left join lateral (
        select sum(points)::integer as total
        from scoring.ledger
        where
            mql.evidence ->> 'total' is null
            and lead_id = mql.lead_id
            and recorded_at <= mql.occurred_at
    ) as ledger on true
    where
        mql.stage = 'mql'
        and mql.occurred_at < %(mature_before)s
        and (
            not coalesce((mql.evidence ->> 'backfill')::boolean, false)
            or (mql.evidence ? 'imported' and mql.evidence ? 'total')
        )
)

select
    score,
    count(*) as leads,
    count(*) filter (where became_sql) as sqls
from mqls
where score is not null
group by score
order by score;

-- name: count_arrivals
select
    (evidence ->> 'total')::integer as score,
    count(*) as leads
from lifecycle.counted_transitions
where
    stage = 'mql'
    and occurred_at >= %(since)s
    and occurred_at < %(until)s
    and recorded_at < %(until)s
    and evidence ->> 'total' is not null
    and (not coalesce((evidence ->> 'backfill')::boolean, false) or evidence ? 'imported')
group by (evidence ->> 'total')::integer
order by score;

-- name: count_near_misses
-- Leads that earned points in the window, pass fit and behaviour, and stay under the total that is in force.
with touched as (
    select distinct lead_id
    from scoring.ledger
    where
        recorded_at >= %(since)s
        and recorded_at < %(until)s
        and kind in ('rule', 'correction')
        and points > 0
),

summed as (
    select
        ledger.lead_id,
        sum(ledger.points) as total,
        coalesce(sum(ledger.points) filter (where ledger.dimension = 'fit'), 0) as fit,
        coalesce(sum(ledger.points) filter (where ledger.dimension = 'behaviour'), 0) as behaviour
    from touched
    inner join scoring.ledger as ledger on touched.lead_id = ledger.lead_id
    where ledger.recorded_at < %(until)s
    group by ledger.lead_id
)

select
    summed.total::integer as score,
    count(*) as leads
from summed
where
    summed.fit >= %(fit)s
    and summed.behaviour >= %(behaviour)s
    and summed.total < %(total)s
    and summed.total >= %(least)s
    and not exists (
        select from identity.uncounted_leads as uncounted
        where uncounted.lead_id = summed.lead_id
    )
    and not exists (
        select from lifecycle.current_transitions as mql
        where mql.lead_id = summed.lead_id and mql.stage = 'mql' and mql.recorded_at < %(until)s
    )
group by summed.total
order by score;

-- name: measure_responses
-- What waiting left of the chances of mature MQLs; one that was never contacted has waited infinitely.
select
    avg(
        %(floor)s::double precision + (1 - %(floor)s::double precision) * case
            when clocks.stopped_at < %(until)s
                then power(0.5, clocks.business_minutes / %(half_life)s::double precision)
            else 0
        end
    ) as responded,
    count(*) filter (where clocks.stopped_at < %(until)s) as contacts
from lifecycle.counted_transitions as mql
inner join sla.clocks as clocks
    on mql.lead_id = clocks.lead_id and mql.cycle = clocks.cycle and clocks.clock = 'first_contact'
where
    mql.stage = 'mql'
    and mql.occurred_at >= %(labels_since)s
    and mql.occurred_at < %(mature_before)s
    and mql.recorded_at < %(until)s;

-- name: count_backlog
select count(*) as leads
from lifecycle.counted_transitions as mql
where
    mql.stage = 'mql'
    and mql.occurred_at >= %(since)s
    and mql.occurred_at < %(until)s
    and mql.recorded_at < %(until)s
    and not coalesce((mql.evidence ->> 'backfill')::boolean, false)
    and not exists (
        select from lifecycle.facts as done
        where
            done.lead_id = mql.lead_id
            and done.cycle = mql.cycle
            and done.fact in ('contact', 'won', 'lost')
            and done.occurred_at < %(until)s
    );
