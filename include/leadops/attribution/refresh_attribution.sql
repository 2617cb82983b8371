-- name: delete_period
delete from attribution.periods where dt = %(dt)s;

-- name: delete_credits
delete from attribution.credits where dt = %(dt)s;

-- name: insert_period
insert into attribution.periods
(dt, since, conversion, conversions, value, untouched, touches, null_paths, settings, computed_at)
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
    %(now)s
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
