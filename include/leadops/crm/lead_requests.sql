-- name: request_leads
select
    crm.request_lead(
        asked.lead_id, asked.cycle, asked.email, asked.company, asked.source,
        asked.idempotency_key, asked.lane, %(now)s::timestamptz
    ) as outbox_id
from (
    select given.*
    from
        jsonb_to_recordset(%(requests)s) as given (
            lead_id bigint, cycle integer, email text, company text, source text,
            idempotency_key text, lane smallint
        )
    order by given.lead_id
) as asked;

-- name: list_form_people
-- Who filled in a form since the last cycle ended. A form of this minute may not be resolved yet.
with asked as (
    select *
    from unnest(%(people)s::bigint[], %(leads)s::bigint[], %(since)s::timestamptz[]) as listed (
        person_id, lead_id, since
    )
)

select asked.person_id
from asked
inner join identity.resolved_events as resolved on asked.lead_id = resolved.lead_id
inner join cdp.events as events on resolved.event_seq = events.seq
where events.proof = 'form' and events.ts > coalesce(asked.since, '-infinity')
union
select asked.person_id
from identity.inbox as waiting
inner join cdp.events as events on waiting.event_seq = events.seq and events.proof = 'form'
inner join identity.aliases as addresses on addresses.kind = 'email' and events.email = addresses.value
inner join asked on addresses.lead_id = asked.lead_id;

-- name: drop_owners
update delivery.outbox
set state = 'dropped', settled_at = %(now)s, error = %(reason)s
where
    target = 'crm' and operation = 'set_owner' and state = 'pending'
    and lead_id = any(%(leads)s::bigint[]);

-- name: drop_pending
-- The key is free for the next MQL of the cycle, or for a form.
update delivery.outbox
set
    state = 'dropped',
    settled_at = %(now)s,
    error = %(reason)s,
    idempotency_key = idempotency_key || '-withdrawn-' || outbox_id
where
    target = 'crm' and operation = 'create_lead' and state = 'pending'
    and lead_id = any(%(leads)s::bigint[]);

-- name: drop_released
-- Claimed, and certainly without effect so far, as while the CRM is down. One that is being sent now is locked.
with released as (
    select outbox_id
    from delivery.outbox
    where
        target = 'crm' and operation = 'create_lead' and state = 'sending'
        and first_sent_at is null and not may_have_arrived
        and lead_id = any(%(leads)s::bigint[])
    order by outbox_id
    for update skip locked
)

update delivery.outbox as requests
set
    state = 'dropped',
    settled_at = %(now)s,
    error = %(reason)s,
    idempotency_key = requests.idempotency_key || '-withdrawn-' || requests.outbox_id
from released
where requests.outbox_id = released.outbox_id;

-- name: list_refused
-- Not those of unknown outcome: the CRM may have the lead, and the person who looks there decides.
select outbox_id
from delivery.outbox
where
    target = 'crm' and operation = 'create_lead' and state = 'dead' and not may_have_arrived
    and lead_id = any(%(leads)s::bigint[]);

-- name: free_keys
update delivery.outbox
set error = %(reason)s, idempotency_key = idempotency_key || '-withdrawn-' || outbox_id
where outbox_id = any(%(outbox_ids)s::bigint[]) and state = 'dropped';

-- name: withdraw
-- What was requested in the CRM since the last cycle ended, unless it was withdrawn already.
insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
select
    'crm',
    'withdraw_lead',
    asked.lead_id,
    jsonb_build_object('because', asked.because),
    'crm-withdraw-' || asked.lead_id || '-' || delivery.make_nonce(),
    0,
    %(now)s
from unnest(%(leads)s::bigint[], %(because)s::text[], %(since)s::timestamptz[]) as asked (lead_id, because, since)
where
    exists (
        select from delivery.outbox as requests
        where
            requests.target = 'crm'
            and requests.operation = 'create_lead'
            and requests.lead_id = asked.lead_id
            and requests.state in ('sending', 'done', 'dead')
            and requests.created_at > coalesce(asked.since, '-infinity')
    )
    and not crm.is_withdrawn(asked.lead_id)
order by asked.lead_id
returning lead_id;

-- name: restore
select crm.restore_lead(asked.lead_id, %(lane)s::smallint, %(now)s::timestamptz) as outbox_id
from (
    select given.lead_id
    from unnest(%(leads)s::bigint[]) as given (lead_id)
    order by given.lead_id
) as asked;
