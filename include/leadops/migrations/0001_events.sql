-- Events: accepted events, one for each event_id, and refused ones.
create schema cdp;

create table cdp.events (
    seq bigint generated always as identity primary key,
    event_id text not null unique check (char_length(event_id) <= 200),
    event text not null,
    ts timestamptz not null,
    received_at timestamptz not null,
    anonymous_id text,
    user_id text,
    email text,
    payload jsonb not null,
    is_history boolean not null default false,
    was_refused boolean not null default false,
    proof text not null check (proof in ('write_key', 'form', 'verified', 'claim')),
    own_network boolean
);
comment on column cdp.events.ts is 'When it happened by the sender''s clock, UTC';
comment on column cdp.events.received_at is 'When the gateway accepted it, UTC';
comment on column cdp.events.payload is '{"properties": …, "context": …} as sent';
comment on column cdp.events.is_history is 'Sent as history: its age does not mean that the feed is slow';
comment on column cdp.events.was_refused is 'Admitted from quarantine: its delay does not mean that the feed is slow';
comment on column cdp.events.proof is
'How its sender proved whom it speaks of: a server''s key, a signed form, a signed identity; claim: not at all';
comment on column cdp.events.own_network is
'Whether it came from a network that company.yaml named then; null: not known, as of what servers send';
create index events_received_at on cdp.events (received_at);
create index events_own_network on cdp.events (seq) where own_network;
-- Attribution reads touches by time. Rows of one time lie close together, so a block range index is enough.
create index events_ts on cdp.events using brin (ts) with (autosummarize = on);

-- How far a proof is trusted. An event_id counts once; of two events that carry it, the more trusted one has it.
create function cdp.rank_proof(proof text) returns integer language sql immutable parallel safe
return case proof when 'claim' then 0 when 'verified' then 1 else 2 end;

-- An event whose id a more trusted event took: anybody can send an id that a server will use later.
create table cdp.replaced_events (
    event_seq bigint primary key,
    replaced_by bigint not null,
    replaced_at timestamptz not null,
    event jsonb not null
);
comment on column cdp.replaced_events.event_seq is 'Its former seq in cdp.events';
comment on column cdp.replaced_events.replaced_by is 'The seq of the event that has its event_id now';
comment on column cdp.replaced_events.replaced_at is 'When the gateway accepted that event, UTC';
comment on column cdp.replaced_events.event is 'The replaced row of cdp.events, whole';
create index replaced_events_by on cdp.replaced_events (replaced_by);

-- The event_ids of what was kept out because it is about somebody erased: sent again, it is a duplicate.
create table cdp.kept_out (
    event_key text primary key check (char_length(event_key) <= 80),
    proof text not null check (proof in ('write_key', 'form', 'verified', 'claim'))
);
comment on column cdp.kept_out.event_key is
'HMAC of the event_id; events of the erased that were stored before have such a key as event_id';

-- Whether an event may say if somebody wants mail: consent by purpose, the box of a signed form, or an unsubscription.
-- A plain yes in the context of other events is consent to tracking (docs/tracking.md).
create function cdp.says_consent(event text, proof text, payload jsonb) returns boolean
language sql immutable parallel safe
return event = 'unsubscribe' or case jsonb_typeof(payload -> 'context' -> 'consent')
    when 'object' then true
    when 'boolean' then proof = 'form'
    else false
end;

create function cdp.keep_replaced() returns trigger language plpgsql as $$
begin
    insert into cdp.replaced_events (event_seq, replaced_by, replaced_at, event)
    values (old.seq, new.seq, new.received_at, to_jsonb(old));
    return new;
end $$;
create trigger keep_replaced before update of seq on cdp.events
for each row execute function cdp.keep_replaced();

-- Which site an event comes from: the host of its page or, where the page is a path, as in leadops.js, the host in
-- context.site. The sender states both, so they prove nothing.
create function cdp.read_site(page text, site text) returns text language sql immutable parallel safe
return lower(left(coalesce(
    substring(page from '^[A-Za-z]+://(?:[^/?#@]*@)?([A-Za-z0-9.-]+)'),
    substring(site from '^([A-Za-z0-9.-]+)(?::[0-9]+)?$'),
    '(no page)'
), 253));

create table cdp.quarantine (
    quarantine_id bigint generated always as identity primary key,
    received_at timestamptz not null,
    reason text not null,
    detail text not null,
    body text not null,
    is_history boolean not null default false,
    user_agent text,
    times integer not null default 1,
    state text not null default 'waiting' check (state in ('waiting', 'admitted', 'dropped')),
    admitted_body text,
    settled_at timestamptz,
    proof text not null check (proof in ('write_key', 'claim')),
    site text generated always as (
        cdp.read_site(
            substring(body from '"page": "([A-Za-z]+://[^"/?#]+)'),
            substring(body from '"context": \{(?:[^{}]|\{[^{}]*\})*?"site": "([^"]+)"')
        )
    ) stored
);
comment on column cdp.quarantine.body is 'The refused event, whole, as JSON text';
comment on column cdp.quarantine.user_agent is 'The User-Agent header of the request that sent it';
comment on column cdp.quarantine.proof is
'As of cdp.events; an admitted event keeps it. A signature is not kept, so it proves nothing later';
comment on column cdp.quarantine.times is 'How often the same body arrived while it was waiting';
comment on column cdp.quarantine.admitted_body is 'The admitted body, if a person repaired it';
create unique index quarantine_waiting on cdp.quarantine (md5(body)) where state = 'waiting';
create index quarantine_reason on cdp.quarantine (reason, quarantine_id) where state = 'waiting';
-- What checks ask each minute: the arrivals since a moment, by reason, so that ignored reasons cost nothing.
create index quarantine_arrivals on cdp.quarantine (reason, received_at) where state = 'waiting';

-- Calls that were refused whole are only counted: nothing of them was read.
create table cdp.refused_calls (
    counted_at timestamptz not null,
    reason text not null,
    times bigint not null,
    primary key (counted_at, reason)
);
comment on table cdp.refused_calls is 'How many calls with events were refused whole in five minutes, by reason';
comment on column cdp.refused_calls.counted_at is 'The start of five minutes, UTC';

-- The reasons of all waiting items, found by the index: one step for each reason, however many items there are.
create view cdp.waiting_reasons as
with recursive reasons as (
    (select reason from cdp.quarantine where state = 'waiting' order by reason limit 1)
    union all
    select
        (
            select later.reason from cdp.quarantine as later
            where later.state = 'waiting' and later.reason > reasons.reason
            order by later.reason
            limit 1
        )
    from reasons
    where reasons.reason is not null
)

select reason from reasons
where reason is not null;

-- How many events each site sent, and from when to when that was counted.
create table cdp.site_traffic (
    site text not null check (char_length(site) <= 253),
    starts_at timestamptz not null,
    events bigint not null,
    located_events bigint not null default 0,
    own_events bigint not null default 0,
    primary key (site, starts_at)
);
comment on column cdp.site_traffic.located_events is 'Of these, how many are known to come from an own network or not';
comment on column cdp.site_traffic.own_events is 'Of these, how many came from an own network';
comment on column cdp.site_traffic.starts_at is 'The start of five minutes in which the events arrived, UTC';
create index site_traffic_starts_at on cdp.site_traffic (starts_at);

create table cdp.traffic_progress (
    counted_from timestamptz not null,
    counted_until timestamptz not null
);
create unique index traffic_progress_one_row on cdp.traffic_progress ((true));

-- Simulated visitors whom leadops lets through every door to see whether the doors work. Their domain takes no mail, so
-- nobody real is one: what a canary left may be deleted, and is nobody else's.
create table cdp.canaries (
    email text primary key check (char_length(email) <= 254 and email ~ '^[a-z0-9-]+@leadops-canary\.example\.com$'),
    reaches_ma boolean not null,
    reaches_crm boolean not null,
    made_at timestamptz not null
);
comment on table cdp.canaries is
'A simulated visitor: counts for nothing, and goes to the MA and the CRM all the same where that is allowed';
