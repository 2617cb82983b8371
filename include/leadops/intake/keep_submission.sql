-- A submission, once for ever: as it came, its event, its lead, and the wishes for MA and CRM. No row: it was kept
-- before. One statement, because each round trip to the database costs as much as the work in it.
with submitted as (
    insert into intake.raw_leads (submission_id, sender_id, received_at, secret, body)
    values (%(submission_id)s, %(sender_id)s, %(now)s, %(secret)s, %(body)s)
    on conflict (submission_id) do nothing
    returning submission_id
),

accepted as (
    insert into cdp.events (event_id, event, ts, received_at, anonymous_id, user_id, email, payload)
    select
        %(event_id)s,
        %(event)s,
        %(ts)s,
        %(now)s,
        %(anonymous_id)s,
        %(user_id)s,
        %(email)s,
        %(payload)s
    from submitted
    on conflict (event_id) do nothing
    returning seq
),

queued as (
    insert into identity.inbox (event_seq)
    select seq from accepted
),

claimed as (
    select
        identity.get_or_create_lead(
            %(email)s::text, seq, %(ts)s::timestamptz, %(event_id)s::text, %(now)s
        ) as lead_id
    from accepted
),

-- Once in the CRM for each story of a lead, until won or lost; a person goes by the email of their oldest lead.
stories as (
    select
        claimed.lead_id,
        coalesce(known.email, %(email)s::text) as email,
        coalesce(latest.cycle, 0) + (case when coalesce(latest.has_ended, true) then 1 else 0 end) as cycle
    from claimed
    left join identity.leads as known on claimed.lead_id = known.lead_id
    left join lateral (
        select
            transitions.cycle,
            bool_or(transitions.stage in ('won', 'lost')) as has_ended
        from lifecycle.current_transitions as transitions
        where transitions.lead_id = claimed.lead_id
        group by transitions.cycle
        order by transitions.cycle desc
        limit 1
    ) as latest on true
),

wishes as (
    select
        'ma' as target,
        'upsert_lead' as operation,
        lead_id,
        jsonb_strip_nulls(
            jsonb_build_object(
                'email', email,
                'firstName', %(first_name)s::text,
                'lastName', %(last_name)s::text,
                'utm', %(utm)s::jsonb,
                'externalId', lead_id::text
            )
        ) as payload,
        'ma-lead-' || lead_id as idempotency_key
    from stories
    union all
    select
        'crm',
        'create_lead',
        lead_id,
        jsonb_build_object(
            'email', email,
            'company', %(company)s::text,
            'source', %(source)s::text,
            'idempotency_key', %(person)s::text || '-' || lead_id || '-' || cycle
        ),
        'crm-lead-' || lead_id || '-' || cycle
    from stories
    -- Asked for this lead alone: as an anti-join it would read all leads of the CRM while they are few.
    where (select count(*) from lifecycle.leads_in_crm as present where present.lead_id = stories.lead_id) = 0
),

wanted as (
    insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)
    select
        target,
        operation,
        lead_id,
        payload,
        idempotency_key,
        %(now)s
    from wishes
    on conflict (idempotency_key) do nothing
)

select lead_id from claimed
