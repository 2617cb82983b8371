with made as (
    insert into cdp.events (event_id, proof, event, ts, received_at, anonymous_id, payload)
    select
        'past-' || n,
        'write_key' as proof,
        'page_view',
        %(now)s as ts,
        %(now)s as received_at,
        case when mod(n, 11) = 0 then md5('nobody-' || n / 2) else md5('a-' || mod(n, %(leads)s) + 1) end,
        jsonb_build_object('properties', '{}'::jsonb, 'context', jsonb_build_object('page', '/pricing'))
    from generate_series(1, %(events)s::bigint * 11 / 10) as n
    order by n
    returning seq, event_id, anonymous_id
),

numbered as (
    select
        seq,
        anonymous_id,
        split_part(event_id, '-', 2)::bigint as n
    from made
),

filed as (
    insert into identity.resolved_events (event_seq, lead_id)
    select
        seq,
        mod(n, %(leads)s) + 1
    from numbered
    where mod(n, 11) <> 0
    order by mod(n, %(leads)s) + 1, seq
)

insert into identity.unresolved_events (event_seq, anonymous_id)
select
    seq,
    anonymous_id
from numbered
where mod(n, 11) = 0
