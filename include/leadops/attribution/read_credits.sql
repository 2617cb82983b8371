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
from attribution.periods
where %(dt)s::date is null or dt = %(dt)s
order by dt desc
limit 1;

-- name: list_credits
-- The names with the most credit first: by the model that is asked for, or by the last touch.
with asked as (
    select
        credits.*,
        case %(breakdown)s when 'channel' then credits.channel else credits.campaign end as name
    from attribution.credits as credits
    where credits.dt = %(dt)s and credits.breakdown = %(breakdown)s
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
