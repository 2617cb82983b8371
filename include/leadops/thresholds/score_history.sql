-- name: count_labels
-- Mature MQLs by the score with which they became MQL, and how many became SQL within the days of maturing.
with known as materialized (
    select
        person_id,
        person_cycle,
        stage,
        happened_at,
        score,
        is_backfill,
        is_imported
    from mart.stages
    where
        stage in ('mql', 'sql')
        and is_counted
        and happened_at >= %(labels_since)s
        and happened_at < %(until)s
        and known_at < %(until)s
),

mqls as (
    select
        mql.person_id,
        coalesce(mql.score, ledger.total) as score,
        sql.person_id is not null as became_sql
    from known as mql
    left join known as sql
        on
            mql.person_id = sql.person_id
            and mql.person_cycle = sql.person_cycle
            and sql.stage = 'sql'
            and mql.happened_at <= sql.happened_at
            and sql.happened_at < mql.happened_at + make_interval(days => %(mature_days)s)
    left join lateral (
        select sum(points)::integer as total
        from mart.ledger
        where
            mql.score is null
            and lead_id = mql.person_id
            and known_at <= mql.happened_at
    ) as ledger on true
    where
        mql.stage = 'mql'
        and mql.happened_at < %(mature_before)s
        and (
            not mql.is_backfill
            or (mql.is_imported and mql.score is not null)
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
    score,
    count(*) as leads
from mart.stages
where
    stage = 'mql'
    and is_counted
    and happened_at >= %(since)s
    and happened_at < %(until)s
    and known_at < %(until)s
    and score is not null
    and (not is_backfill or is_imported)
group by score
order by score;

-- name: count_near_misses
-- Leads that earned points in the window, pass fit and behaviour, and stay under the total that is in force.
with touched as (
    select distinct lead_id
    from mart.ledger
    where
        known_at >= %(since)s
        and known_at < %(until)s
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
    inner join mart.ledger as ledger on touched.lead_id = ledger.lead_id
    where ledger.known_at < %(until)s
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
        select from mart.leads as leads
        where leads.lead_id = summed.lead_id and not leads.counts
    )
    and not exists (
        select from mart.stages as mql
        where mql.person_id = summed.lead_id and mql.stage = 'mql' and mql.known_at < %(until)s
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
from mart.stages as mql
inner join mart.clocks as clocks
    on mql.person_id = clocks.lead_id and mql.person_cycle = clocks.cycle and clocks.clock = 'first_contact'
where
    mql.stage = 'mql'
    and mql.is_counted
    and mql.happened_at >= %(labels_since)s
    and mql.happened_at < %(mature_before)s
    and mql.known_at < %(until)s;

-- name: count_backlog
select count(*) as leads
from mart.stages as mql
where
    mql.stage = 'mql'
    and mql.is_counted
    and mql.happened_at >= %(since)s
    and mql.happened_at < %(until)s
    and mql.known_at < %(until)s
    and not mql.is_backfill
    and not exists (
        select from mart.responses as done
        where
            done.lead_id = mql.person_id
            and done.cycle = mql.person_cycle
            and done.kind in ('contact', 'won', 'lost')
            and done.happened_at < %(until)s
    );

-- name: read_capacity
select facts -> 'capacity' as capacity
from lifecycle.thresholds
where day = %(day)s;

-- name: keep_basis
-- Also of a day that has been decided: what is known of a day stays the same.
update lifecycle.thresholds
set basis = %(basis)s
where day = %(day)s;

-- name: find_basis
select
    day,
    basis
from lifecycle.thresholds
where basis is not null and day < %(before)s
order by day desc
limit 1;
