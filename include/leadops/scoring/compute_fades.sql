-- What the behaviour of the leads in `touched` is worth at the end of the day %(through)s, and when that changes
-- next. Behaviour is what each event gave by a rule, in the ledger and in `differences`, corrections and
-- write-offs included; what is under 0 does not fade. Worths are summed in millionths of a point, as whole numbers,
-- so that the order of summing does not matter, and each lead's sum is rounded to whole points.
with settings as materialized (
    select listed.*
    from jsonb_to_recordset(%(fading)s) as listed (
        rule text, half_life double precision, grace integer, floor double precision
    )
),

rows_of as materialized (
    select
        ledger.lead_id,
        ledger.rule,
        ledger.event_seq,
        ledger.kind,
        case when ledger.kind <> 'write_off' then ledger.occurred_at end as occurred_at,
        ledger.points
    from touched
    inner join scoring.ledger as ledger on touched.lead_id = ledger.lead_id
    where ledger.dimension = 'behaviour' and (ledger.event_seq is not null or ledger.kind = 'decay')
    union all
    select
        lead_id,
        rule,
        event_seq,
        kind,
        occurred_at,
        points
    from differences
    where dimension = 'behaviour'
),

awards as (
    select
        lead_id,
        rule,
        (max(occurred_at) at time zone %(zone)s)::date as day,
        sum(points) as points
    from rows_of
    where event_seq is not null
    group by lead_id, rule, event_seq
    having sum(points) > 0
),

aged as (
    select
        awards.lead_id,
        awards.points,
        case when own.rule is null then general.half_life else own.half_life end as half_life,
        case when own.rule is null then general.floor else own.floor end as floor,
        awards.day + coalesce(own.grace, general.grace) + 1 as first_day,
        %(through)s::date - awards.day - coalesce(own.grace, general.grace) as days
    from awards
    -- A rule that is gone is about to be corrected: until then it fades like any other.
    left join settings as own on awards.rule = own.rule
    cross join (select * from settings where settings.rule is null) as general
),

shares as (
    select
        *,
        case
            when half_life is null or days <= 0 then 1
            -- After 60 half-lives nothing is left that a millionth could show.
            else greatest(floor, power(0.5, least(days / half_life, 60)))
        end as share
    from aged
),

worths as (
    select
        *,
        round(points * 1000000 * share)::bigint as millionths,
        days > 0 and share > floor and points * 1000000 * share >= 0.5 as moves
    from shares
),

leads as (
    select
        lead_id,
        sum(points)::bigint as points,
        sum(millionths)::bigint as millionths,
        ((sum(millionths) + 500000)::bigint / 1000000) as worth,
        coalesce(sum(millionths) filter (where moves), 0)::double precision as moving,
        count(*) filter (where moves) as moving_count,
        min(half_life) filter (where moves) as half_life,
        min(first_day) filter (where days <= 0 and half_life is not null) as first_day
    from worths
    group by lead_id
),

-- The worth goes down by a point when it has lost `room` millionths more. After k days what moves has lost at most
-- moving * (1 - 0.5 ^ (k / half_life)) of the shortest half-life, and as many millionths as there are roundings.
next_days as (
    select
        lead_id,
        points,
        worth,
        first_day,
        moving,
        half_life,
        greatest(millionths - (worth * 1000000 - 500000) - moving_count, 0) as room
    from leads
),

taken as (
    select
        lead_id,
        sum(points) as points
    from rows_of
    where kind = 'decay'
    group by lead_id
)

insert into fades (lead_id, points, worth, taken, due_on)
select
    touched.lead_id,
    coalesce(next_days.points, 0),
    coalesce(next_days.worth, 0),
    coalesce(-taken.points, 0),
    least(
        next_days.first_day,
        case
            when next_days.moving > next_days.room then
                %(through)s::date + 1
                + floor(-next_days.half_life * ln(1 - next_days.room / next_days.moving) / ln(2))::integer
        end,
        'infinity'
    )
from touched
left join next_days on touched.lead_id = next_days.lead_id
left join taken on touched.lead_id = taken.lead_id
