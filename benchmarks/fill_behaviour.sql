-- Leads who did three things in the year before, as scoring leaves them: ledger, scores, and who is due.
with awards as (
    insert into scoring.ledger (
        lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, rule_set_id, lane, reason
    )
    select
        n,
        (array[15, 20, 12])[award],
        'behaviour',
        'rule',
        'view_pricing',
        3 * n + award,
        %(now)s - make_interval(days => mod(n * 7 + award * 113, 365)::integer),
        %(now)s,
        1,
        0,
        'view_pricing'
    from generate_series(1, %(leads)s) as n, generate_series(1, 3) as award
    order by n
    returning lead_id, points
),

scores as (
    insert into scoring.scores (lead_id, behaviour, updated_at)
    select
        lead_id,
        sum(points),
        %(now)s
    from awards
    group by lead_id
)

insert into scoring.decay_schedule (lead_id, due_on)
select distinct
    lead_id,
    date '1970-01-01'
from awards
