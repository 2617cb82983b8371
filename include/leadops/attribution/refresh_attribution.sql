-- name: delete_period
delete from attribution.periods where dt = %(dt)s;

-- name: delete_credits
delete from attribution.credits where dt = %(dt)s;

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
    %(now)s,
    %(without_rate)s
);

-- name: count_without_rate
-- The conversions that are deals in another currency, of which their month has no rate.
select count(*)
from lifecycle.counted_transitions as conversion
where
    conversion.stage = %(stage)s::text
    and conversion.occurred_at >= %(since)s
    and conversion.occurred_at < %(until)s
    and conversion.value is null
    and conversion.evidence ? 'currency'
    and not exists (
        select from lifecycle.current_transitions as other
        where
            other.lead_id = conversion.lead_id
            and other.cycle = conversion.cycle
            and other.occurred_at > conversion.occurred_at
            and (other.stage = 'mql' or (other.stage = 'lost' and other.occurred_at < %(until)s))
    );

-- name: insert_credit
insert into attribution.credits
(
    dt, breakdown, model, campaign, channel,
    conversions, conversions_low, conversions_high, value, value_low, value_high, note
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
    %(note)s
);
