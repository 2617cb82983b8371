-- Alerts: one row for each Slack message about incidents, and one for each page of PagerDuty.
create schema alerts;

create table alerts.messages (
    message_id bigint generated always as identity primary key,
    nonce text not null default delivery.make_nonce(),
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
comment on column alerts.messages.nonce is 'Slack knows the message by it: numbers start again after a restored backup';
comment on column alerts.messages.state is 'final: it will not change any more';
comment on column alerts.messages.unknown_since is
'Set before the first post; while posted_at is null it is unknown whether the message is in Slack';
comment on column alerts.messages.shown_hash is 'Hash of what Slack shows';
create index messages_open on alerts.messages (message_id) where state = 'open';

-- A page: what PagerDuty shows as one incident of its own.
create table alerts.pages (
    page_id bigint generated always as identity primary key,
    dedup_key text not null check (char_length(dedup_key) <= 255),
    digest_group text,
    created_at timestamptz not null,
    state text not null default 'pending'
    check (state in ('pending', 'triggered', 'acknowledged', 'resolved', 'dropped')),
    attempts integer not null default 0,
    tried_at timestamptz,
    unknown_since timestamptz,
    triggered_at timestamptz
);
comment on column alerts.pages.dedup_key is 'PagerDuty knows the page by it: events with one key are one incident';
comment on column alerts.pages.state is 'What PagerDuty has accepted last; dropped: over before anything was sent';
comment on column alerts.pages.unknown_since is
'Set before an event is sent; null once its outcome is known';
create unique index pages_open on alerts.pages (dedup_key) where state in ('pending', 'triggered', 'acknowledged');

-- A channel that does not take what waits for it; without a row it is well.
create table alerts.failing_channels (
    channel text primary key check (channel in ('slack', 'pagerduty')),
    failing_since timestamptz not null,
    tried_at timestamptz not null,
    rest_until timestamptz,
    waiting integer not null,
    problem text not null
);
comment on column alerts.failing_channels.rest_until is 'The channel asked to wait until then';
