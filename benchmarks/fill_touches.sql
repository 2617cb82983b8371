-- Touches, evenly over the time and in its order, of leads that follow one another; every fifth of them converts.
-- Numbers repeat from run to run.
with made as (
    insert into cdp.events (event_id, proof, event, ts, received_at, payload)
    select
        %(prefix)s || n as event_id,
        'write_key' as proof,
        'ad_click' as event,
        %(since)s + (%(until)s - %(since)s) * (n / %(touches)s::double precision) as ts,
        %(since)s + (%(until)s - %(since)s) * (n / %(touches)s::double precision) as received_at,
        jsonb_build_object(
            'properties', jsonb_build_object('ad', n %% 100),
            'context', jsonb_build_object(
                'page', '/products',
                'user_agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36',
                'utm', jsonb_build_object(
                    'source', 'network-' || n %% 3,
                    'medium', (array['cpc', 'social', 'display', 'email', 'video', 'affiliate'])[1 + n * 7919 %% 6],
                    'campaign', 'campaign-' || n * 104729 %% 20
                )
            )
        ) as payload
    from generate_series(0::bigint, %(touches)s - 1) as n
    returning seq
),

placed as (
    insert into identity.resolved_events (event_seq, lead_id)
    select
        seq,
        %(first)s + (hashint8(seq)::bigint + 2147483648) %% %(leads)s as lead_id
    from made
)

insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)
select
    %(first)s + n as lead_id,
    1 as cycle,
    'sql' as stage,
    %(since)s + (%(until)s - %(since)s) * (n / %(leads)s::double precision) as occurred_at,
    %(since)s + (%(until)s - %(since)s) * (n / %(leads)s::double precision) as recorded_at,
    '{}' as evidence,
    'bench' as kpi_version
from generate_series(0, %(leads)s - 1, 5) as n
