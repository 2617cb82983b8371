-- As scoring writes it: one lead's rows beside each other.
with made as (
    insert into scoring.ledger (
        lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, rule_set_id, lane, reason
    )
    select
        1 + n * %(leads)s::bigint / %(deltas)s,
        case mod(n, 5) when 0 then 15 when 1 then 20 when 2 then 12 when 3 then 1 else 2 end,
        'behaviour',
        'rule',
        'view_pricing',
        n,
        now(),
        now(),
        1,
        0,
        case mod(n, 5)
            when 0 then 'view_pricing'
            when 1 then 'request_document'
            when 2 then 'brand_search'
            when 3 then 'mail_open'
            else 'other_page'
        end
    from generate_series(0, %(deltas)s - 1) as n
    returning seq
)

select
    min(seq),
    max(seq)
from made
