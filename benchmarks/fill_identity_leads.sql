with made as (
    insert into identity.leads (email, created_at, first_event_seq)
    select
        'lead-' || n || '@company-' || mod(n, 5000) || '.example',
        %(now)s,
        0
    from generate_series(%(first)s::bigint, %(last)s::bigint) as n
    order by n
    returning lead_id, email
)

insert into identity.aliases (kind, value, lead_id, event_seq, linked_at, confirmed_seq)
select
    kinds.kind,
    case kinds.kind
        when 'email' then made.email
        when 'user_id' then 'u-' || made.lead_id
        else md5('a-' || made.lead_id)
    end,
    made.lead_id,
    0,
    %(now)s,
    0
from made
cross join unnest(array['email', 'user_id', 'anonymous_id']) as kinds (kind)
