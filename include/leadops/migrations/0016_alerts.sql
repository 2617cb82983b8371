-- Alerts: one row for each Slack message about incidents.
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
