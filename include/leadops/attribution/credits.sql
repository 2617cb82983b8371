-- name: find_known_from
-- Since when what is computed now is known: refreshes of a day follow one another, whatever their clocks say.
select greatest(%(now)s, max(computed_at)) as known_from
from attribution.periods
where dt = %(dt)s;

-- name: pass_period
-- What is replaced is past, unless it was known for no time: a refresh that runs again at once leaves nothing behind.
with passed as (
    delete from attribution.periods
    where dt = %(dt)s
    returning periods.*
)

insert into attribution.past_periods
select
    passed.*,
    %(known_from)s
from passed
where passed.computed_at < %(known_from)s;

-- name: pass_credits
with passed as (
    delete from attribution.credits
    where dt = %(dt)s
    returning credits.*
)

insert into attribution.past_credits
select
    passed.*,
    %(known_from)s
from passed
where passed.known_from < %(known_from)s;

-- name: find_first_period
select min(known.computed_at) as known_from
from (
    select computed_at from attribution.periods
    union all
    select computed_at from attribution.past_periods
) as known;

-- name: insert_period
insert into attribution.periods
(dt, since, conversion, conversions, value, untouched, touches, null_paths, settings, computed_at, without_rate)
values
(
    %(dt)s,
    %(since)s,
    %(conversion)s,
    %(conversions)s,
    %(value)s,
    %(untouched)s,
    %(touches)s,
    %(null_paths)s,
    %(settings)s,
    %(known_from)s,
    %(without_rate)s
);

-- name: count_without_rate
-- The conversions that are deals in another currency, of which their month has no rate.
select count(*)
from mart.stages as conversion
where
    conversion.stage = %(stage)s::text
    and conversion.is_counted
    and conversion.happened_at >= %(since)s
    and conversion.happened_at < %(until)s
    and conversion.value is null
    and conversion.is_foreign
    and not exists (
        select from mart.stages as other
        where
            other.person_id = conversion.person_id
            and other.person_cycle = conversion.person_cycle
            and other.happened_at > conversion.happened_at
            and (other.stage = 'mql' or (other.stage = 'lost' and other.happened_at < %(until)s))
    );

-- name: insert_credit
insert into attribution.credits
(
    dt, breakdown, model, campaign, channel,
    conversions, conversions_low, conversions_high, value, value_low, value_high, note, known_from
)
values
(
    %(dt)s,
    %(breakdown)s,
    %(model)s,
    %(campaign)s,
    %(channel)s,
    %(conversions)s,
    %(conversions_low)s,
    %(conversions_high)s,
    %(value)s,
    %(value_low)s,
    %(value_high)s,
    %(note)s,
    %(known_from)s
);

-- name: find_period
select
    dt,
    since,
    conversion,
    conversions,
    value,
    untouched,
    touches,
    null_paths,
    without_rate
from attribution.known_periods(%(moment)s)
where %(dt)s::date is null or dt = %(dt)s
order by dt desc
limit 1;

-- name: list_credits
-- The names with the most credit first: by the model that is asked for, or by the last touch.
with asked as (
    select
        credits.*,
        case %(breakdown)s when 'channel' then credits.channel else credits.campaign end as name
    from attribution.known_credits(%(dt)s, %(moment)s) as credits
    where credits.breakdown = %(breakdown)s
)

select
    asked.model,
    asked.name,
    asked.conversions,
    asked.conversions_low,
    asked.conversions_high,
    asked.value,
    asked.value_low,
    asked.value_high,
    asked.note
from asked
left join asked as best
    on asked.name = best.name and best.model = coalesce(%(model)s, 'last_touch')
where %(model)s::text is null or asked.model = %(model)s
order by best.conversions desc nulls last, asked.name asc, asked.model asc;
