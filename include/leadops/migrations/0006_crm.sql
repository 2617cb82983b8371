-- CRM: a mirror of the activities and salespeople in the CRM.
create schema crm;

create table crm.activities (
    activity_id text primary key check (char_length(activity_id) <= 200),
    crm_lead_id text not null check (char_length(crm_lead_id) <= 200),
    kind text not null,
    status text,
    rep_id text check (char_length(rep_id) <= 200),
    occurred_at timestamptz not null,
    details jsonb not null default '{}',
    recorded_at timestamptz not null,
    kind_key text not null check (char_length(kind_key) <= 100),
    status_key text check (char_length(status_key) <= 100),
    check ((status is null) = (status_key is null))
);
comment on column crm.activities.kind_key is 'The kind as it is compared: case, blanks, _ and - make no difference';
comment on column crm.activities.status_key is 'The status as it is compared';
create index activities_lead on crm.activities (crm_lead_id, occurred_at);
create index activities_occurred on crm.activities (occurred_at);

create index activities_consent on crm.activities (crm_lead_id) where kind_key in ('optout', 'optin');

-- The CRM heard that somebody wants no mail, or wants it again; or that activity was changed or deleted.
create function crm.note_consent() returns trigger language plpgsql as $$
begin
    perform consent.note_crm_leads(array[old.crm_lead_id, new.crm_lead_id]);
    return null;
end $$;
create trigger note_consent after insert on crm.activities
for each row when (new.kind_key in ('optout', 'optin')) execute function crm.note_consent();
create trigger note_changed_consent after update on crm.activities
for each row when (new.kind_key in ('optout', 'optin') or old.kind_key in ('optout', 'optin'))
execute function crm.note_consent();

create table crm.reps (
    rep_id text primary key check (char_length(rep_id) <= 200),
    profile jsonb not null,
    updated_at timestamptz not null
);

-- How far each feed was read, and how fresh the CRM says it is.
create table crm.feeds (
    feed text primary key,
    cursor text,
    as_of timestamptz,
    polled_at timestamptz not null,
    held_back interval not null default '0',
    resume_at text,
    unsure_since timestamptz,
    first_polled_at timestamptz
);
comment on column crm.feeds.cursor is 'The last place reached, never later than the time of the server';
comment on column crm.feeds.resume_at is 'Where the last poll ended, if it did not reach the end of the feed';
comment on column crm.feeds.unsure_since is 'The next poll from the start begins here at the latest';
comment on column crm.feeds.held_back is 'How far as_of stays behind on purpose, as rows may be committed late';

-- Leads that were merged in the CRM, each with the one that goes on.
create table crm.merged_leads (
    gone_id text primary key check (char_length(gone_id) <= 200),
    into_id text not null check (char_length(into_id) <= 200),
    merged_at timestamptz not null
);
create index merged_leads_into on crm.merged_leads (into_id);

-- Feed items that cannot be mirrored, stored whole and once each, so that a bad item never blocks the rest.
create table crm.refused (
    feed text not null,
    digest text not null,
    body jsonb not null,
    reason text not null,
    refused_at timestamptz not null,
    primary key (feed, digest)
);
create index refused_recent on crm.refused (refused_at);

-- The one way in which a form or an MQL asks for a lead in the CRM: each lead once in each of its cycles.
create function crm.request_lead(
    asked_lead bigint, asked_cycle integer, asked_email text, asked_company text, asked_source text,
    asked_key text, asked_lane smallint, asked_at timestamptz
) returns bigint language sql as $$
    insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
    values (
        'crm',
        'create_lead',
        asked_lead,
        jsonb_build_object(
            'email', asked_email, 'company', asked_company, 'source', asked_source, 'idempotency_key', asked_key
        ),
        'crm-lead-' || asked_lead || '-' || asked_cycle,
        asked_lane,
        asked_at
    )
    on conflict (idempotency_key) do nothing
    returning outbox_id
$$;
comment on function crm.request_lead is 'Returns null if it was requested before';

-- The request of a canary's form: made again each time under the one name by which the CRM knows the record again.
create function crm.request_canary(asked_lead bigint, asked_email text, asked_key text, asked_at timestamptz)
returns bigint language sql as $$
    insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
    values (
        'crm',
        'create_lead',
        asked_lead,
        jsonb_build_object(
            'email', asked_email, 'company', 'leadops canary', 'source', 'leadops canary',
            'idempotency_key', 'canary-' || md5(asked_email)
        ),
        'canary-crm-' || asked_key,
        0::smallint,
        asked_at
    )
    on conflict (idempotency_key) do nothing
    returning outbox_id
$$;
comment on function crm.request_canary is 'Returns null if it was requested before';

-- Whether the CRM last heard that a lead is no longer for sales. A newer request makes another lead.
create function crm.is_withdrawn(asked_lead bigint) returns boolean language sql stable
return coalesce(
    (
        select newest.operation = 'withdraw_lead'
        from delivery.outbox as newest
        where
            newest.target = 'crm' and newest.operation in ('withdraw_lead', 'restore_lead')
            and newest.lead_id = asked_lead
            and newest.state <> 'dropped'
            and newest.outbox_id > coalesce(
                (
                    select max(requests.outbox_id)
                    from delivery.outbox as requests
                    where
                        requests.target = 'crm' and requests.operation = 'create_lead'
                        and requests.lead_id = asked_lead
                        and requests.state <> 'dropped'
                ), 0
            )
        order by newest.outbox_id desc
        limit 1
    ), false
);

-- Gives the withdrawn leads of a person back to sales: what was not sent does not go out, the rest is followed by
-- another operation. Returns null if there is nothing to tell.
create function crm.restore_lead(asked_lead bigint, asked_lane smallint, asked_at timestamptz)
returns bigint language plpgsql as $$
declare
    members bigint[] := array(
        select asked_lead
        union
        select people.lead_id from identity.people as people where people.person_id = asked_lead
    );
    restored bigint;
begin
    update delivery.outbox as unsent
    set state = 'dropped', settled_at = asked_at, error = 'the lead counts again'
    where
        unsent.target = 'crm' and unsent.operation = 'withdraw_lead' and unsent.state = 'pending'
        and unsent.lead_id = any(members);
    with told as (
        insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane, created_at)
        select
            'crm', 'restore_lead', listed.lead_id, '{}'::jsonb,
            'crm-restore-' || listed.lead_id || '-' || delivery.make_nonce(), asked_lane, asked_at
        from unnest(members) as listed (lead_id)
        where crm.is_withdrawn(listed.lead_id)
        returning outbox_id
    )
    select max(told.outbox_id) into restored from told;
    return restored;
end
$$;

-- A form about somebody whom the CRM has, or is about to get: they stay there, whatever is withdrawn at this moment.
create function crm.keep_lead(
    asked_lead bigint, asked_cycle integer, asked_email text, asked_company text, asked_source text,
    asked_person text, asked_at timestamptz
) returns bigint language plpgsql as $$
begin
    -- Lock.CRM_LEADS: a withdrawal of the lead waits for this form, and the form for the withdrawal.
    perform pg_advisory_xact_lock(7302025, hashint8(asked_lead));
    if exists (
        select from delivery.outbox as dropped
        where
            dropped.target = 'crm' and dropped.operation = 'create_lead' and dropped.lead_id = asked_lead
            and dropped.state = 'dropped' and dropped.settled_at > asked_at - interval '10 minutes'
            and dropped.idempotency_key like 'crm-lead-' || asked_lead || '-' || asked_cycle || '-withdrawn-%'
    ) then
        return coalesce(
            crm.request_lead(
                asked_lead, asked_cycle, asked_email, asked_company, asked_source,
                asked_person || '-' || asked_lead || '-' || asked_cycle, 0::smallint, asked_at
            ),
            crm.restore_lead(asked_lead, 0::smallint, asked_at)
        );
    end if;
    return crm.restore_lead(asked_lead, 0::smallint, asked_at);
end
$$;

-- Takes a simulated visitor out. The role of tasks may delete no such row: the owner's function does, and no other one.
create function crm.remove_canary(lead_id bigint) returns void
language sql volatile security definer set search_path = pg_catalog
as $$
    delete from crm.activities as mine
    using delivery.external_ids as known, identity.canary_leads as canaries
    where
        mine.crm_lead_id = known.external_id
        and known.target = 'crm'
        and known.lead_id = canaries.lead_id
        and canaries.lead_id = remove_canary.lead_id;
$$;
