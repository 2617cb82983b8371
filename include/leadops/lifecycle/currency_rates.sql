-- name: list_rates
select
    month,
    base,
    currency,
    rate,
    recorded_at
from lifecycle.currency_rates
order by month, base, currency;

-- name: upsert_rates
-- A rate on record stays, unless this file corrects it; it keeps its time, by which the base of a conversion is chosen.
-- Of a rate that is given twice the first in this order counts.
insert into lifecycle.currency_rates (month, base, currency, rate, file, recorded_at)
select distinct on (given.month, given.base, given.currency)
    given.month,
    given.base,
    given.currency,
    given.rate,
    %(file)s,
    %(now)s
from
    jsonb_to_recordset(%(rows)s) as given (month date, base text, currency text, rate numeric(24, 12))
order by given.month asc, given.base asc, given.currency asc, given.rate asc
on conflict (month, base, currency) do update
    set rate = excluded.rate, file = excluded.file
    where %(corrects)s and currency_rates.rate <> excluded.rate
returning month, base, currency, xmax = 0 as is_new;

-- name: list_recorded
select distinct
    known.month,
    known.base,
    known.currency,
    known.rate,
    known.recorded_at
from jsonb_to_recordset(%(rows)s) as given (month date, base text, currency text)
inner join lifecycle.currency_rates as known
    on given.month = known.month and given.base = known.base and given.currency = known.currency;
