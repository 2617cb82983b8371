-- Consent: who wants marketing mail, by what was said and heard, and where opt-outs were passed on.
create schema consent;

-- How events and forms are read, as consent.yaml said last, and what counts where nobody said anything (one row).
create table consent.settings (
    is_only boolean primary key default true check (is_only),
    mail_purposes text[] not null,
    form_no text not null check (form_no in ('declined', 'opt_out')),
    unsubscribe_by text check (unsubscribe_by in ('ma', 'crm')),
    unsaid_may_mail boolean not null,
    effective_at timestamptz not null
);
comment on column consent.settings.mail_purposes is 'As they are compared: without case, blanks, _ and -';

-- What operators noted by hand. What events, forms and the CRM say is read where it stands: consent.find_said().
create table consent.statements (
    statement_id bigint generated always as identity primary key,
    lead_id bigint not null,
    word text not null check (word in ('opt_out', 'opt_in')),
    said_at timestamptz not null,
    noted_by text not null check (char_length(noted_by) <= 200),
    because text not null check (char_length(because) <= 1000)
);
create index statements_lead on consent.statements (lead_id);

-- Leads, and leads of the CRM, of whose person something may have been said, or that another system knows since then.
create table consent.inbox (
    seq bigint generated always as identity primary key,
    lead_id bigint,
    crm_lead_id text check (char_length(crm_lead_id) <= 200),
    lane smallint not null default 0,
    check (num_nonnulls(lead_id, crm_lead_id) = 1)
);

-- The record by which another system knows a lead whose person said something, and what was passed on there last.
create table consent.records (
    target text not null check (target in ('ma', 'crm')),
    lead_id bigint not null,
    external_id text not null check (char_length(external_id) <= 200),
    since timestamptz,
    passed text check (passed in ('opt_out', 'opt_in')),
    said_at timestamptz,
    passes integer not null default 0,
    primary key (target, lead_id)
);
comment on column consent.records.since is
'What the system heard before this does not stand in this record: it had another one then; null: it had none';
comment on column consent.records.said_at is 'When the person said what was passed on';
comment on column consent.records.passes is 'How often something was passed on: it numbers the keys';

create function consent.note_leads(noted bigint[]) returns void language sql as $$
    insert into consent.inbox (lead_id)
    select listed.lead_id
    from unnest(noted) as listed (lead_id)
    where listed.lead_id is not null
$$;
create function consent.note_crm_leads(noted text[]) returns void language sql as $$
    insert into consent.inbox (crm_lead_id)
    select distinct listed.crm_lead_id
    from unnest(noted) as listed (crm_lead_id)
    where listed.crm_lead_id is not null
$$;

-- What an event says: opt_out; opt_in, which takes proof of who says it; declined: a form's box was left empty. Null:
-- it says nothing about mail.
create function consent.read_word(event text, proof text, payload jsonb, mail_purposes text[], form_no text)
returns text language sql immutable parallel safe as $$
    select
        case
            when event = 'unsubscribe' then 'opt_out'
            when not bool_and(answers.is_given) then case when proof = 'form' then form_no else 'opt_out' end
            when bool_and(answers.is_given) and proof <> 'claim' then 'opt_in'
        end
    from (
        select payload #> '{context,consent}' = 'true' as is_given
        where jsonb_typeof(payload #> '{context,consent}') = 'boolean' and proof = 'form'
        union all
        select said.value = 'true' as is_given
        from jsonb_each(
            case jsonb_typeof(payload #> '{context,consent}')
                when 'object' then payload #> '{context,consent}'
                else '{}'
            end
        ) as said (purpose, value)
        where
            jsonb_typeof(said.value) = 'boolean'
            and lower(regexp_replace(normalize(said.purpose, nfkc), '[[:space:]_-]', '', 'g')) = any(mail_purposes)
    ) as answers
$$;

-- Everything that was said about mail for these leads, wherever it stands. A machine's act says nothing. Nothing was
-- said later than it was heard: a clock that is ahead must not win for years.
create function consent.find_said(asked bigint[])
returns table (
    lead_id bigint, word text, said_at timestamptz, heard_at timestamptz, source text, reference text, because text
)
language sql stable as $$
    select
        listed.lead_id,
        noted.word,
        noted.said_at,
        noted.said_at,
        'operator',
        noted.noted_by,
        noted.because
    from unnest(asked) as listed (lead_id)
    inner join consent.statements as noted on listed.lead_id = noted.lead_id
    union all
    select
        listed.lead_id,
        said.word,
        least(events.ts, events.received_at),
        events.received_at,
        case
            when events.event = 'unsubscribe' then coalesce(settings.unsubscribe_by, 'event')
            when events.proof = 'form' then 'form'
            else 'event'
        end,
        events.seq::text,
        null
    from unnest(asked) as listed (lead_id)
    inner join identity.resolved_events as filed on listed.lead_id = filed.lead_id and filed.says_consent
    inner join cdp.events as events on filed.event_seq = events.seq
    left join consent.settings as settings on settings.is_only
    cross join lateral consent.read_word(
        events.event, events.proof, events.payload, settings.mail_purposes, settings.form_no
    ) as said (word)
    where
        said.word is not null
        and not exists (
            select from machines.verdicts as verdicts
            where verdicts.event_seq = events.seq and verdicts.freed_because is null
        )
    union all
    select
        listed.lead_id,
        case when activities.kind_key = 'optout' then 'opt_out' else 'opt_in' end,
        least(activities.occurred_at, activities.recorded_at),
        activities.recorded_at,
        'crm',
        activities.crm_lead_id,
        null
    from unnest(asked) as listed (lead_id)
    cross join
        lateral (
            select links.crm_lead_id
            from lifecycle.links as links
            where links.lead_id = listed.lead_id
            union
            select ids.crm_lead_id
            from delivery.external_ids as known
            cross join unnest(array[known.external_id, known.merged_into]) as ids (crm_lead_id)
            where known.target = 'crm' and known.lead_id = listed.lead_id and ids.crm_lead_id is not null
        ) as named
    inner join crm.activities as activities
        on named.crm_lead_id = activities.crm_lead_id and activities.kind_key in ('optout', 'optin')
$$;

-- Opt-outs in events that are accepted and not resolved yet, by whose each will be: the most trusted identifier
-- decides, as in identity, and a claim counts for its own browser alone. Nothing else is said before it is resolved.
create function consent.find_unresolved(asked bigint[])
returns table (
    lead_id bigint, word text, said_at timestamptz, heard_at timestamptz, source text, reference text, because text
)
language sql stable as $$
    with known as materialized (
        select
            aliases.kind,
            aliases.value
        from identity.aliases
        where aliases.lead_id = any(asked)
    ),

    -- Those that name one of the leads first: what they say is read of few, however many wait.
    named as materialized (
        select
            events.seq,
            events.event,
            events.ts,
            events.received_at,
            events.email,
            events.user_id,
            events.anonymous_id,
            events.proof,
            events.payload
        from identity.inbox as inbox
        inner join cdp.events as events on inbox.event_seq = events.seq
        where
            inbox.says_consent
            and (
                lower(btrim(events.email) collate "C") in (
                    select known.value from known
                    where known.kind = 'email'
                )
                or events.user_id in (
                    select known.value from known
                    where known.kind = 'user_id'
                )
                or events.anonymous_id in (
                    select known.value from known
                    where known.kind = 'anonymous_id'
                )
            )
    ),

    waiting as materialized (
        select
            events.seq,
            events.event,
            least(events.ts, events.received_at) as said_at,
            events.received_at,
            events.proof,
            settings.unsubscribe_by,
            case
                when events.proof = 'claim'
                    then case
                        when coalesce(by_email.lead_id = by_browser.lead_id, events.email is null)
                            then by_browser.lead_id
                    end
                when events.email is not null then by_email.lead_id
                else coalesce(nullif(by_user.lead_id, 0), by_browser.lead_id)
            end as lead_id
        from named as events
        left join consent.settings as settings on settings.is_only
        left join identity.aliases as by_email
            on by_email.kind = 'email' and lower(btrim(events.email) collate "C") = by_email.value
        left join identity.aliases as by_user on by_user.kind = 'user_id' and events.user_id = by_user.value
        left join identity.aliases as by_browser
            on by_browser.kind = 'anonymous_id' and events.anonymous_id = by_browser.value
        where
            consent.read_word(
                events.event, events.proof, events.payload, settings.mail_purposes, settings.form_no
            ) = 'opt_out'
    )

    select
        waiting.lead_id,
        'opt_out',
        waiting.said_at,
        waiting.received_at,
        case
            when waiting.event = 'unsubscribe' then coalesce(waiting.unsubscribe_by, 'event')
            when waiting.proof = 'form' then 'form'
            else 'event'
        end,
        waiting.seq::text,
        null
    from waiting
    where waiting.lead_id = any(asked)
$$;
