-- Routing: which salesperson a lead went to, who was passed over, and why.
create schema routing;

-- Filled by lifecycle (a lead became MQL) and by sla (a clock ran out), emptied by routing.
create table routing.inbox (
    inbox_id bigint generated always as identity primary key,
    lead_id bigint not null,
    cycle integer not null,
    why text not null check (why in ('mql', 'breach', 'merge'))
);

-- Where each cycle of a lead is now. Quiet ones come from a backfill: nobody is told, no capacity is used.
-- A place goes by its MQL: whose that is now, and which cycle of theirs, is where it stands. A place that a person
-- had from another of their leads stands beside that lead's own, which waits aside.
create table routing.leads (
    lead_id bigint not null,
    cycle integer not null,
    state text not null check (state in ('owned', 'queued', 'closed')),
    rep_id text,
    queue text,
    account text not null,
    is_quiet boolean not null,
    qualified_at timestamptz not null,
    since timestamptz not null,
    moves integer not null default 0,
    is_late boolean not null default false,
    look_at timestamptz,
    alarm_at timestamptz,
    mql_lead_id bigint not null,
    mql_cycle integer not null,
    primary key (lead_id, cycle)
);
comment on column routing.leads.state is 'closed: sales took it, won it or lost it before anybody was found';
comment on column routing.leads.moves is 'How often it moved on because nobody got in touch in time';
comment on column routing.leads.is_late is 'An SLA clock of the cycle has run out without a contact';
comment on column routing.leads.look_at is 'When it moves on again, unless somebody got in touch by then';
comment on column routing.leads.alarm_at is 'When it will have waited too long in its queue';
comment on column routing.leads.mql_lead_id is 'The lead that became MQL; of a person with several, maybe another one';
create index leads_queued on routing.leads (queue) where state = 'queued';
create index leads_look_at on routing.leads (look_at) where look_at is not null;
create index leads_mql on routing.leads (mql_lead_id);

create table routing.set_aside (like routing.leads including comments);
alter table routing.set_aside add primary key (lead_id, cycle);
comment on table routing.set_aside is 'Places of MQLs that are no cycle of their own while their lead is joined';

-- Whose account it is: the salesperson who was given its first lead.
create table routing.accounts (
    account text primary key,
    rep_id text not null,
    since timestamptz not null
);
comment on column routing.accounts.account is 'What joins leads: account:<id>, company:<hash of its name> or lead:<id>';

create table routing.assignments (
    assignment_id bigint generated always as identity primary key,
    lead_id bigint not null,
    cycle integer not null,
    number integer not null,
    rep_id text,
    queue text,
    why text not null check (why in ('account', 'share', 'queue', 'taken')),
    cause text not null check (cause in ('mql', 'queue', 'breach')),
    rule text,
    is_quiet boolean not null,
    assigned_at timestamptz not null,
    waited_minutes double precision not null,
    facts jsonb not null,
    passed_over jsonb not null,
    rules text not null,
    unique (lead_id, cycle, number)
);
comment on table routing.assignments is 'Append-only: one row each time a lead went to a rep or to a queue';
comment on column routing.assignments.why is
'account: its owner stays; share: who was served least; queue: nobody was free; taken: sales took it unasked';
comment on column routing.assignments.passed_over is '[{"rep", "rule", "why"}], in the order of looking';
comment on column routing.assignments.rules is 'Hash of the rules that decided';
create index assignments_rep on routing.assignments (rep_id, assigned_at);
create index assignments_time on routing.assignments (assigned_at);

-- One row a Slack message to a salesperson, or to those who watch the queue after hours.
create table routing.notices (
    assignment_id bigint primary key,
    state text not null default 'open' check (state in ('open', 'told', 'dropped')),
    created_at timestamptz not null,
    attempts integer not null default 0,
    tried_at timestamptz,
    telling_since timestamptz,
    settled_at timestamptz,
    channel text,
    message_ts text,
    reason text
);
comment on column routing.notices.telling_since is
'Stored before the post; where state is still open nobody knows whether the message is in Slack';
create index notices_open on routing.notices (assignment_id) where state = 'open';
