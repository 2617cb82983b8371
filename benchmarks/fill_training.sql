-- Leads that became MQL over two years, each with an identify and a few events before it; some became SQL.
with made as (
    insert into identity.leads (email, created_at)
    select
        'lead-' || n || '@company-' || mod(n, 5000) || '.example',
        %(until)s::timestamptz - make_interval(days => 720)
    from generate_series(1, %(leads)s) as n
    order by n
    returning lead_id
),

reached as (
    insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)
    select
        lead_id,
        1,
        stage.name,
        at.mql + stage.later,
        at.mql + stage.later,
        '{}',
        'benchmark'
    from made
    cross join
        lateral (
            select %(until)s::timestamptz - make_interval(secs => 86400.0 * (70 + 630.0 * lead_id / %(leads)s)) as mql
        ) as at
    inner join (values ('mql', interval '0'), ('sql', interval '5 days')) as stage (name, later)
        on stage.name = 'mql' or mod(hashint8(lead_id), 4) = 0
),

happened as (
    insert into cdp.events (event_id, proof, event, ts, received_at, email, anonymous_id, payload)
    select
        'e-' || lead_id || '-' || n,
        'write_key' as proof,
        case n
            when 0 then 'identify'
            else names.names[
                1 + mod(abs(hashint8(lead_id * 7 + n)), case mod(hashint8(lead_id), 4) when 0 then 10 else 8 end)
            ]
        end,
        at.moment as ts,
        at.moment as received_at,
        case when mod(n, 2) = 0 then 'lead-' || lead_id || '@company-' || mod(lead_id, 5000) || '.example' end,
        'a-' || lead_id,
        jsonb_build_object(
            'properties', case n
                when 0
                    then
                        jsonb_build_object(
                            'employees', 1 + mod(abs(hashint8(lead_id * 3)), 3000),
                            'industry', (array['software', 'finance', 'retail', 'logistics'])[1 + mod(lead_id, 4)],
                            'country', (array['JP', 'US', 'DE'])[1 + mod(lead_id, 3)],
                            'title', 'title ' || mod(lead_id, 40)
                        )
                else '{}'
            end,
            'context', '{"page": "/", "consent": true}'::jsonb
        )
    from made
    cross join generate_series(0, %(events)s) as n
    cross join
        (
            select
                array[
                    'page_view', 'mail_open', 'page_view', 'view_pricing', 'search', 'request_document',
                    'webinar_attend', 'video_progress', 'mail_click', 'view_comparison'
                ] as names
        ) as names
    cross join
        lateral (
            select
                %(until)s::timestamptz - make_interval(
                    secs => 86400.0 * (71 + 630.0 * lead_id / %(leads)s + mod(abs(hashint8(lead_id + n)), 90))
                ) as moment
        ) as at
    returning seq, anonymous_id, event
),

-- The visitor was told by the identify, which came some time between the others.
linked as (
    insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)
    select
        'anonymous_id',
        anonymous_id,
        substr(anonymous_id, 3)::bigint,
        seq,
        %(until)s
    from happened
    where event = 'identify'
)

insert into identity.resolved_events (event_seq, lead_id)
select
    seq,
    substr(anonymous_id, 3)::bigint
from happened
