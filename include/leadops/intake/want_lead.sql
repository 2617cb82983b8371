-- The lead is wanted in the MA and in the CRM: once in the MA, once in the CRM for each story until won or lost.
with latest as (
    select coalesce(max(transitions.cycle), 0) as cycle
    from lifecycle.transitions
    where transitions.lead_id = %(lead_id)s
),

story as (
    select
        case
            when latest.cycle = 0 or exists (
                select from lifecycle.transitions as ending
                where
                    ending.lead_id = %(lead_id)s
                    and ending.cycle = latest.cycle
                    and ending.stage in ('won', 'lost')
            ) then latest.cycle + 1
            else latest.cycle
        end as cycle
    from latest
),

ma as (
    insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)
    values (
        'ma',
        'upsert_lead',
        %(lead_id)s,
        jsonb_strip_nulls(
            jsonb_build_object(
                'email', %(email)s::text,
                'firstName', %(first_name)s::text,
                'lastName', %(last_name)s::text,
                'utm', %(utm)s::jsonb,
                'externalId', (%(lead_id)s::bigint)::text
            )
        ),
        'ma-lead-' || %(lead_id)s::bigint,
        %(now)s
    )
    on conflict (idempotency_key) do nothing
)

insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)
select
    'crm',
    'create_lead',
    %(lead_id)s,
    jsonb_build_object(
        'email', %(email)s::text,
        'company', %(company)s::text,
        'source', %(source)s::text,
        'idempotency_key', %(person)s::text || '-' || story.cycle
    ),
    'crm-lead-' || %(lead_id)s::bigint || '-' || story.cycle,
    %(now)s
from story
where not exists (select from lifecycle.leads_in_crm as present where present.lead_id = %(lead_id)s)
on conflict (idempotency_key) do nothing
