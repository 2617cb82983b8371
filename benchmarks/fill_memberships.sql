with leads as (
    insert into identity.leads (lead_id, email, created_at)
    overriding system value
    select
        number,
        number || '@x.example',
        %(now)s::timestamptz - interval '2 days'
    from generate_series(%(first)s::bigint, %(last)s::bigint) as numbers (number)
),

acts as (
    insert into cdp.events (event_id, event, ts, received_at, payload, proof)
    select
        'n' || number,
        'view_pricing',
        %(now)s::timestamptz - interval '1 day',
        %(now)s::timestamptz - interval '1 day',
        '{"properties": {}, "context": {"timezone": "Asia/Tokyo"}}'::jsonb,
        'write_key'
    from generate_series(%(first)s::bigint, %(last)s::bigint) as numbers (number)
    returning seq, event_id
),

resolved as (
    insert into identity.resolved_events (event_seq, lead_id)
    select
        seq,
        substr(event_id, 2)::bigint
    from acts
)

insert into nurture.memberships (
    programme, version, lead_id, cycle, entered_at, entry_event_seq, is_held_out, next_step, due_at
)
select
    'pricing_page',
    1,
    number,
    1,
    %(now)s::timestamptz - interval '1 day',
    number,
    false,
    'roi_case',
    %(now)s::timestamptz
    + case
        when number < %(first)s::bigint + %(due)s::bigint then interval '-1 minute'
        else make_interval(mins => (number %% 10000)::integer + 1)
    end
from generate_series(%(first)s::bigint, %(last)s::bigint) as numbers (number)
