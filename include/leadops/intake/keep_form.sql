-- name: keep_form
-- The form as it came, its event, its lead, the requests to MA and CRM. Without a row, it was kept before. A person
-- goes by the email of their oldest lead. A lead is once in the CRM for each story, until won or lost. It is one
-- statement because each further round trip costs as much as the work in it.
with submitted as (
    insert into intake.raw_leads (submission_id, sender_id, received_at, secret, body, changes, tool)
    select %(submission_id)s, %(sender_id)s, %(now)s, %(secret)s, %(body)s, %(changes)s, %(tool)s::text -- noqa: AM04
    where %(is_hashed)s or not exists (select from erased.identifiers)
    on conflict (submission_id) do nothing
    returning submission_id
),

accepted as (
    insert into cdp.events (
        event_id, event, ts, received_at, anonymous_id, user_id, email, payload, was_refused, proof
    )
    select
        %(event_id)s,
        %(event)s,
        %(ts)s::timestamptz,
        %(now)s,
        %(anonymous_id)s,
        %(user_id)s,
        %(email)s,
        %(payload)s,
        %(was_refused)s,
        'form'
    from submitted
    on conflict (event_id) do update
        set
            seq = default,
            event = excluded.event,
            ts = excluded.ts,
            received_at = excluded.received_at,
            anonymous_id = excluded.anonymous_id,
            user_id = excluded.user_id,
            email = excluded.email,
            payload = excluded.payload,
            is_history = excluded.is_history,
            was_refused = excluded.was_refused,
            proof = excluded.proof
        where cdp.rank_proof(events.proof) < cdp.rank_proof(excluded.proof)
    returning seq, nullif(cdp.says_consent(event, proof, payload), false) as says_consent
),

queued as (
    insert into identity.inbox (event_seq, says_consent)
    select * from accepted
),

claimed as (
    select
        identity.get_or_create_lead(
            %(email)s::text, seq, %(ts)s::timestamptz, %(event_id)s::text, %(known_at)s,
            %(mailbox)s::text
        ) as lead_id
    from accepted
),

story as (
    select
        claimed.lead_id,
        identity.counts_for_nothing(claimed.lead_id) as is_uncounted,
        canaries.reaches_ma, canaries.reaches_crm, -- null: not a canary
        coalesce(known.email, %(email)s::text) as email,
        coalesce(known.only_claimed, false) as was_claimed, -- as it was before this statement
        coalesce(latest.cycle, 0) + (case when coalesce(latest.has_ended, true) then 1 else 0 end) as cycle,
        -- Counted for this lead alone: as an anti-join it would read all leads of the CRM while they are few.
        (select count(*) from lifecycle.leads_in_crm as present where present.lead_id = claimed.lead_id) > 0
            as is_in_crm
    from claimed
    left join identity.leads as known on claimed.lead_id = known.lead_id
    left join cdp.canaries as canaries on canaries.email = %(email)s::text
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

ma_request as (
    insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)
    select
        'ma',
        'upsert_lead',
        lead_id,
        jsonb_strip_nulls(
            jsonb_build_object(
                'email', email, 'firstName', %(first_name)s::text, 'lastName', %(last_name)s::text,
                'utm', %(utm)s::jsonb, 'externalId', lead_id::text
            )
        ),
        -- A lead that was only claimed is in the MA already, without what this form says.
        case when reaches_ma then 'canary-ma-' || %(event_id)s::text else 'ma-lead-' || lead_id end
        || case when was_claimed then '-proven' else '' end,
        %(now)s
    from story
    where coalesce(reaches_ma, not is_uncounted)
    on conflict (idempotency_key) do nothing
)

select
    lead_id,
    case
        when reaches_crm then crm.request_canary(lead_id, email, %(event_id)s::text, %(now)s)
        when is_uncounted then null
        when is_in_crm
            then crm.keep_lead(lead_id, cycle, email, %(company)s::text, %(source)s::text, %(person)s::text, %(now)s)
        else
            crm.request_lead(
                lead_id, cycle, email, %(company)s::text, %(source)s::text,
                %(person)s::text || '-' || lead_id || '-' || cycle, 0::smallint, %(now)s
            )
    end as crm_outbox_id
from story;

-- name: forget_trace
delete from intake.form_traces
where submission_id = %(submission_id)s::text;

-- name: hold_forms
-- Until the transaction ends, an erasure waits.
lock table intake.raw_leads, cdp.events in row exclusive mode;

-- name: trace_form
-- A form that came before keeps its trace; its place among the others decides, not the time at which it is looked at.
with form as (
    insert into intake.form_traces (submission_id, seen_at, person, text_hash, visitor)
    values (%(submission_id)s, %(now)s, %(person)s, %(text_hash)s, %(visitor)s)
    on conflict (submission_id) do update set submission_id = excluded.submission_id
    returning trace_id, seen_at, person, text_hash, visitor
)

select
    (
        select count(distinct earlier.person)
        from intake.form_traces as earlier
        where
            earlier.text_hash = form.text_hash
            and earlier.person <> form.person
            and earlier.trace_id < form.trace_id
            and earlier.seen_at <= form.seen_at
            and earlier.seen_at > form.seen_at - %(text_span)s::interval
    )::integer as addresses,
    (
        select count(*)
        from intake.form_traces as earlier
        where
            earlier.visitor = form.visitor
            and earlier.trace_id < form.trace_id
            and earlier.seen_at <= form.seen_at
            and earlier.seen_at > form.seen_at - %(visitor_span)s::interval
    )::integer as forms
from form;

-- name: read_hash_key
select hash_key from intake.hash_keys;
