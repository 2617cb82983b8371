-- Alerts: one row for one thing that is wrong, from open to resolved, and one for each Slack message about it.
create schema alerts;

create table alerts.incidents (
    incident_id bigint generated always as identity primary key,
    kind text not null,
    subject text not null,
    state text not null default 'open' check (state in ('open', 'resolved')),
    opened_at timestamptz not null,
    seen_at timestamptz not null,
    clear_since timestamptz,
    resolved_at timestamptz,
    escalated_at timestamptz,
    facts jsonb not null,
    message_id bigint,
    is_suppressed boolean not null default false
);
comment on column alerts.incidents.subject is 'What the incident is about: a lead, a DAG, a target; no personal data';
comment on column alerts.incidents.clear_since is 'Since when it looks good again; null while it is wrong or unknown';
comment on column alerts.incidents.message_id is 'The message that tells it; null: not told yet';
comment on column alerts.incidents.is_suppressed is
'It came and went before anybody could be told, too short to be told at all';
create unique index incidents_open on alerts.incidents (kind, subject) where state = 'open';
create index incidents_message on alerts.incidents (message_id);
create index incidents_untold on alerts.incidents (incident_id) where message_id is null and not is_suppressed;

create table alerts.messages (
    message_id bigint generated always as identity primary key,
    purpose text not null check (purpose in ('incident', 'digest', 'escalation', 'resolution')),
    digest_group text,
    parent_id bigint,
    created_at timestamptz not null,
    state text not null default 'open' check (state in ('open', 'final')),
    attempts integer not null default 0,
    tried_at timestamptz,
    unknown_since timestamptz,
    posted_at timestamptz,
    channel text,
    message_ts text,
    shown_hash text,
    shown_facts jsonb,
    shown_at timestamptz,
    unique (parent_id, purpose)
);
comment on column alerts.messages.parent_id is 'The message whose thread an escalation or a resolution belongs to';
comment on column alerts.messages.state is 'final: Slack shows the end of the story; never touched again';
comment on column alerts.messages.unknown_since is
'Stored before the first post; where posted_at is null nobody knows whether the message is in Slack';
comment on column alerts.messages.shown_hash is 'Hash of what Slack shows now';
create index messages_open on alerts.messages (message_id) where state = 'open';

-- When each watched piece of work last came to a good end.
create table alerts.heartbeats (
    name text primary key,
    succeeded_at timestamptz not null
);
