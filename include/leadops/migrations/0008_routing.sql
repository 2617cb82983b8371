-- Routing: which salesperson a lead went to, who was passed over, and why.
create schema routing;

-- lifecycle (a lead became MQL, was merged or split) and sla (a clock ran out) fill it; routing empties it.
create table routing.inbox (
    inbox_id bigint generated always as identity primary key,
    lead_id bigint not null,
    cycle integer not null,
    why text not null check (why in ('mql', 'breach', 'merge'))
);

-- The place of each cycle of a lead: its owner or its queue. Leads of a backfill notify nobody and use no capacity.
-- A place follows its MQL: it has the lead_id and cycle of the person to whom the MQL belongs now. If several MQLs of
-- merged leads belong to one cycle, one place stays here and the others are in set_aside.
create table routing.leads (
    lead_id bigint not null,
    cycle integer not null,
    state text not null check (state in ('owned', 'queued', 'closed')),
    rep_id text,
    queue text,
    account text not null,
    is_backfill boolean not null,
    qualified_at timestamptz not null,
    since timestamptz not null,
    moves integer not null default 0,
    overdue boolean not null default false,
    recheck_at timestamptz,
    alarm_at timestamptz,
    mql_lead_id bigint not null,
    mql_cycle integer not null,
    primary key (lead_id, cycle)
);
comment on column routing.leads.state is 'closed: sales accepted it, won it or lost it before routing found an owner';
comment on column routing.leads.moves is 'How often it moved on because nobody contacted it in time';
comment on column routing.leads.overdue is 'An SLA clock of the cycle ran out without a contact';
comment on column routing.leads.recheck_at is 'When it moves on again, unless it is contacted by then';
comment on column routing.leads.alarm_at is 'When it will have waited too long in its queue';
comment on column routing.leads.mql_lead_id is 'The lead that became MQL; after a merge it may differ from lead_id';
create index leads_queued on routing.leads (queue) where state = 'queued';
create index leads_recheck_at on routing.leads (recheck_at) where recheck_at is not null;
create index leads_mql on routing.leads (mql_lead_id);

create table routing.set_aside (like routing.leads including comments);
alter table routing.set_aside add primary key (lead_id, cycle);
comment on table routing.set_aside is
'Places whose cycle another place represents while their leads are merged; same columns as routing.leads';

-- The owner of each account: the salesperson who got its first lead.
create table routing.accounts (
    account text primary key check (char_length(account) <= 100),
    rep_id text not null,
    since timestamptz not null
);
comment on column routing.accounts.account is
'The key that leads share: account:<id>, company:<hash of its name> or lead:<id>';

create table routing.assignments (
    assignment_id bigint generated always as identity primary key,
    lead_id bigint not null,
    cycle integer not null,
    number integer not null,
    rep_id text check (char_length(rep_id) <= 200),
    queue text,
    why text not null check (why in ('account', 'share', 'queue', 'taken')),
    cause text not null check (cause in ('mql', 'queue', 'breach')),
    rule text,
    is_backfill boolean not null,
    assigned_at timestamptz not null,
    waited_minutes double precision not null,
    facts jsonb not null,
    passed_over jsonb not null,
    rules text not null,
    unique (lead_id, cycle, number)
);
comment on table routing.assignments is 'Append-only: one row for each time a lead went to a salesperson or to a queue';
comment on column routing.assignments.why is
'account: its owner keeps it; share: the least served; queue: nobody was free; taken: sales accepted it unassigned';
comment on column routing.assignments.passed_over is '[{"rule", "why", "reps"}], in the order of evaluation';
comment on column routing.assignments.rules is 'Hash of the rules that decided';
create index assignments_rep on routing.assignments (rep_id, assigned_at);
create index assignments_time on routing.assignments (assigned_at);

-- One row per Slack message to a salesperson, or to those who watch the queue after hours.
create table routing.notices (
    assignment_id bigint primary key,
    nonce text not null default delivery.make_nonce(),
    state text not null default 'open' check (state in ('open', 'sent', 'erasing', 'dropped')),
    created_at timestamptz not null,
    attempts integer not null default 0,
    tried_at timestamptz,
    unknown_since timestamptz,
    settled_at timestamptz,
    channel text,
    message_ts text,
    reason text,
    withdrawn_because text check (withdrawn_because in ('internal', 'split', 'machine')),
    posted_with bigint
);
comment on column routing.notices.posted_with is
'The notice in whose message it stands: leads for one recipient in one minute are one message; null: its own';
comment on column routing.notices.withdrawn_because is
'The MQL was taken back: the message, once it is in Slack, is replaced by one that says so';
comment on column routing.notices.nonce is 'Slack knows the message by it: numbers start again after a restored backup';
comment on column routing.notices.unknown_since is
'Set before the post; while state is open it is unknown whether the message is in Slack';
create index notices_outdated on routing.notices (assignment_id)
where state = 'erasing' or (state = 'sent' and withdrawn_because is not null);
create index notices_open on routing.notices (assignment_id) where state = 'open';
create index notices_posted_with on routing.notices (posted_with) where posted_with is not null;

-- Users of the CRM who get no leads because neither the CRM nor reps.yaml says what they cover, take or work,
-- or because one entry of reps.yaml fits several of them.
create table routing.unprofiled_reps (
    rep_id text primary key check (char_length(rep_id) <= 200),
    since timestamptz not null
);

-- Funnel triggers: a cycle that goes to another salesperson makes its days dirty. The functions of analytics that they
-- call are made in 0010_funnel.sql; PL/pgSQL looks them up when it runs.
create function routing.mark_new_places() returns trigger language plpgsql as $$
begin
    perform analytics.mark_moments(array(
        select distinct date_bin('15 minutes', qualified_at, 'epoch') from added where rep_id is not null
    ));
    return null;
end $$;
create trigger mark_new_places after insert on routing.leads
referencing new table as added for each statement execute function routing.mark_new_places();

create function routing.mark_moved_place() returns trigger language plpgsql as $$
begin
    perform analytics.mark_person(new.lead_id);
    return null;
end $$;
create trigger mark_moved_place after update of rep_id, lead_id, cycle on routing.leads
for each row when (
    (old.rep_id, old.lead_id, old.cycle) is distinct from (new.rep_id, new.lead_id, new.cycle)
) execute function routing.mark_moved_place();

-- Published tables: mart.inbox is made in 0028_marts.sql.
create function routing.publish_assignments() returns trigger language plpgsql as $$
begin
    insert into mart.inbox (mart, id) select 'assignments', changed.assignment_id from changed;
    return null;
end $$;
create trigger publish_new_assignments after insert on routing.assignments
referencing new table as changed for each statement execute function routing.publish_assignments();
