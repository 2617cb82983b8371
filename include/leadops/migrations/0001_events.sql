-- Events: what happened, once per event_id for ever, and what was refused.
create schema cdp;

create table cdp.events (
    seq bigint generated always as identity primary key,
    event_id text not null unique,
    event text not null,
    ts timestamptz not null,
    received_at timestamptz not null,
    anonymous_id text,
    user_id text,
    email text,
    payload jsonb not null,
    is_history boolean not null default false,
    was_refused boolean not null default false
);
comment on column cdp.events.ts is 'When it happened, by the sender''s clock, UTC';
comment on column cdp.events.received_at is 'When the gateway took it, UTC';
comment on column cdp.events.payload is '{"properties": …, "context": …} as sent';
comment on column cdp.events.is_history is 'Sent as history: its age is no sign of a slow feed';
comment on column cdp.events.was_refused is 'Let in from the quarantine: its delay is no sign of a slow feed';
create index events_received_at on cdp.events (received_at);
-- Touches are read by when they happened; those of a time lie together, so that ranges of blocks are enough.
create index events_ts on cdp.events using brin (ts) with (autosummarize = on);

create table cdp.quarantine (
    quarantine_id bigint generated always as identity primary key,
    received_at timestamptz not null,
    reason text not null,
    detail text not null,
    body text not null,
    is_history boolean not null default false,
    user_agent text,
    times integer not null default 1,
    state text not null default 'waiting' check (state in ('waiting', 'admitted')),
    admitted_body text,
    settled_at timestamptz
);
comment on column cdp.quarantine.body is 'The refused event, whole, as JSON text';
comment on column cdp.quarantine.user_agent is 'What the sending browser called itself in its request';
comment on column cdp.quarantine.times is 'How often the same body came while it was waiting';
comment on column cdp.quarantine.admitted_body is 'What was let in, where a person repaired it';
create unique index quarantine_waiting on cdp.quarantine (md5(body)) where state = 'waiting';
create index quarantine_reason on cdp.quarantine (reason, quarantine_id) where state = 'waiting';
