-- name: start_random
select setseed(%(seed)s);

-- name: insert_events
-- In one part of a day: leads that say who they are, what known leads do, and visitors of whom nobody knows anything.
with signed_in as (
    select
        'identify' as event,
        'write_key' as proof,
        'buyer-' || lead || '@company-' || mod(lead, 3000) || '.example' as email,
        'u-' || lead as user_id,
        'b-' || lead as anonymous_id,
        jsonb_build_object(
            'industry', case when mod(lead, 7) = 0 then 'software' else 'retail' end,
            'employees', case when mod(lead, 7) = 0 then 200 else 8 end,
            'company', 'Company ' || mod(lead, 3000),
            'country', 'Germany',
            'title', 'Buyer'
        ) as properties,
        'campaign-' || mod(lead, 20) as campaign,
        1 as n
    from unnest(%(new)s::bigint[]) as leads (lead)
),

claimed as (
    select
        'identify' as event,
        'claim' as proof,
        'claims-' || %(day)s::int || '-' || claim || '@somebody.example' as email,
        null as user_id,
        'c-' || %(day)s::int || '-' || claim as anonymous_id,
        '{}'::jsonb as properties,
        null as campaign,
        claim as n
    from unnest(%(claims)s::bigint[]) as claims (claim)
),

-- Known leads come for five acts at a time.
known as (
    select
        lead_acts.event,
        case when lead_acts.is_mail then 'write_key' else 'claim' end as proof,
        null as email,
        case when lead_acts.is_mail then 'u-' || lead_acts.lead end as user_id,
        case when not lead_acts.is_mail then 'b-' || lead_acts.lead end as anonymous_id,
        jsonb_build_object(
            'query', (array['leadops price', 'crm', 'lead scoring'])[1 + mod(lead_acts.n, 3)],
            'dwell_seconds', mod(lead_acts.n, 300)
        ) as properties,
        'campaign-' || mod(lead_acts.lead, 20) as campaign,
        lead_acts.n
    from (
        select
            visits.lead,
            5 * visits.number + act as n,
            mod(5 * visits.number + act, 10) in (0, 1, 2) as is_mail,
            (array[
                'mail_open', 'mail_open', 'mail_click', 'page_view', 'page_view', 'page_view', 'page_view',
                'view_pricing', 'search', 'view_comparison'
            ])[1 + mod(5 * visits.number + act, 10)] as event
        from (
            select
                number,
                case
                    when mod(number, 10) = 0 then mod(number * 7 + %(day)s::int, %(loyal)s::bigint)
                    else %(first)s::bigint + floor(random() * %(active)s::bigint)::bigint
                end as lead
            from generate_series(1, %(known)s::int / 5) as number
        ) as visits
        cross join generate_series(1, 5) as act
    ) as lead_acts
),

visits as (
    select
        'page_view' as event,
        'claim' as proof,
        null as email,
        null as user_id,
        'v-' || %(day)s::int || '-' || floor(random() * %(visitors)s::int)::int as anonymous_id,
        '{}'::jsonb as properties,
        'campaign-' || mod(n, 20) as campaign,
        n
    from generate_series(1, %(visits)s::int) as n
),

acts as (
    select * from signed_in
    union all
    select * from claimed
    union all
    select * from known
    union all
    select * from visits
),

timed as (
    select
        acts.*,
        row_number() over () as number,
        %(since)s::timestamptz + (%(until)s::timestamptz - %(since)s::timestamptz) * random() as received_at
    from acts
),

accepted as (
    insert into cdp.events (event_id, proof, event, ts, received_at, anonymous_id, user_id, email, payload)
    select
        md5(%(day)s::int || '-' || %(part)s::int || '-' || number)::uuid::text,
        proof,
        event,
        received_at - interval '2 seconds',
        received_at,
        anonymous_id,
        user_id,
        email,
        jsonb_build_object(
            'properties', properties,
            'context', jsonb_build_object(
                'page', 'https://www.example.com' || (array[
                    '/', '/products', '/pricing', '/careers/open', '/blog/one', '/blog/two', '/about', '/support'
                ])[1 + mod(n, 8)],
                'consent', true,
                'user_agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36',
                'utm', jsonb_build_object('source', 'newsletter', 'campaign', campaign)
            )
        )
    from timed
    order by received_at
    returning seq
)

insert into identity.inbox (event_seq)
select seq from accepted;

-- name: list_forgotten
select distinct crm_ids.external_id
from sla.breaches
inner join delivery.external_ids as crm_ids on breaches.lead_id = crm_ids.lead_id and crm_ids.target = 'crm'
where breaches.state in ('at_risk', 'held', 'breached') and breaches.due_at < %(before)s
order by 1;
