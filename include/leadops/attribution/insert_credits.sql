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
)
