-- Alerts: one row for one thing that is wrong, from open to resolved, with its Slack message.
create schema alerts;

create table alerts.incidents (
    incident_id bigint generated always as identity primary key,
    kind text not null,
    subject text not null,
    state text not null default 'open' check (state in ('open', 'resolved')),
    opened_at timestamptz not null,
    seen_at timestamptz not null,
    resolved_at timestamptz,
    escalated_at timestamptz,
    facts jsonb not null,
    digest boolean not null default false,
    channel text,
    message_ts text,
    telling_since timestamptz,
    told text,
    told_at timestamptz,
    escalation_told_at timestamptz
);
comment on column alerts.incidents.subject is 'What the incident is about: a lead, a DAG, a target; no personal data';
comment on column alerts.incidents.told is 'Hash of what Slack shows now; differs from the incident: tell again';
create unique index incidents_open on alerts.incidents (kind, subject) where state = 'open';

-- When each watched piece of work last came to a good end.
create table alerts.heartbeats (
    name text primary key,
    succeeded_at timestamptz not null
);
