-- A ledger over five years: most of it is of the past, as it lies in a table that grew.
insert into scoring.ledger (
    lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, rule_set_id, lane, reason, is_live
)
select
    1 + mod(n * 7919, %(leads)s::bigint),
    case mod(n, 5) when 0 then 15 when 1 then 20 when 2 then 12 when 3 then 1 else 2 end,
    'behaviour',
    'rule',
    'view_pricing',
    n,
    timestamptz '2021-07-01 00:00:00+00' + (157680000.0 * n / %(rows)s)::float8 * interval '1 second',
    timestamptz '2021-07-01 00:00:00+00' + (157680000.0 * n / %(rows)s)::float8 * interval '1 second',
    1,
    0,
    case mod(n, 5)
        when 0 then 'viewed the pricing page'
        when 1 then 'requested a document'
        when 2 then 'searched for the brand'
        when 3 then 'opened a mail'
        else 'viewed another page'
    end,
    true
from generate_series(0::bigint, %(rows)s - 1) as n
