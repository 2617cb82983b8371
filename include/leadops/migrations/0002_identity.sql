-- Identity: which person an event belongs to, and what is known of that person.
create schema identity;

-- Filled by events in the transaction that accepts the event, emptied by identity.
create table identity.inbox (
    event_seq bigint primary key
);

create table identity.leads (
    lead_id bigint generated always as identity primary key,
    email text not null unique,
    created_at timestamptz not null,
    first_event_seq bigint not null
);

create table identity.aliases (
    kind text not null check (kind in ('email', 'user_id', 'anonymous_id')),
    value text not null,
    lead_id bigint not null,
    event_seq bigint not null,
    linked_at timestamptz not null,
    primary key (kind, value)
);
comment on column identity.aliases.event_seq is 'The event that is the evidence for this link';
create index aliases_lead on identity.aliases (lead_id);

-- An event is resolved once because it leaves the inbox once; ranges of event_seq are found by the small index.
create table identity.resolved_events (
    event_seq bigint not null,
    lead_id bigint not null,
    primary key (lead_id, event_seq)
);
create index resolved_events_seq on identity.resolved_events using brin (event_seq);

-- Events of nobody known yet; they move to resolved_events when an alias of theirs becomes known.
create table identity.unresolved_events (
    event_seq bigint primary key,
    anonymous_id text,
    user_id text
);
create index unresolved_events_anonymous on identity.unresolved_events (anonymous_id);
create index unresolved_events_user on identity.unresolved_events (user_id);

create table identity.traits (
    lead_id bigint not null,
    trait text not null,
    value jsonb not null,
    ts timestamptz not null,
    event_id text not null,
    primary key (lead_id, trait)
);
comment on table identity.traits is 'The newest known value of each trait (industry, employees, title, country)';
