with numbered as (
    select
        n,
        1 + floor(random() * %(leads)s)::bigint as who
    from generate_series(1, %(events)s::bigint) as n
),

made as (
    insert into cdp.events (event_id, proof, event, ts, received_at, anonymous_id, user_id, email, payload)
    select
        %(batch)s || '-' || n,
        'write_key' as proof,
        'page_view',
        %(now)s as ts,
        %(now)s as received_at,
        case when mod(n, 10) = 0 then md5(%(batch)s || n) else md5('a-' || who) end,
        case when mod(n, 10) = 0 or mod(n, 7) = 0 then 'u-' || who end,
        case
            when mod(n, 1000) = 0 then 'second-' || who || '@home.example'
            when mod(n, 1000) in (10, 510) then 'lead-' || who || '@company-' || mod(who, 5000) || '.example'
        end,
        jsonb_build_object('properties', '{}'::jsonb, 'context', jsonb_build_object('page', '/pricing'))
    from numbered
    order by n
    returning seq
)

insert into identity.inbox (event_seq)
select seq
from made
