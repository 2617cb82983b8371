-- name: upsert_cost
insert into economics.costs as known
(month, campaign, category, amount, currency, hours, note, origin, recorded_at)
values (
    %(month)s, %(campaign)s, %(category)s, %(amount)s, %(currency)s, %(hours)s, %(note)s, %(origin)s, %(now)s
)
on conflict (origin) do update set
    month = excluded.month,
    campaign = excluded.campaign,
    category = excluded.category,
    amount = excluded.amount,
    currency = excluded.currency,
    hours = excluded.hours,
    note = excluded.note,
    recorded_at = excluded.recorded_at
where (known.month, known.campaign, known.category, known.amount, known.currency, known.hours, known.note)
is distinct from (
    excluded.month, excluded.campaign, excluded.category, excluded.amount, excluded.currency, excluded.hours,
    excluded.note
);
