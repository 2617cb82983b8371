-- Those with the most of the model asked for, or of the last touch, first.
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
order by best.conversions desc nulls last, asked.name asc, asked.model asc
