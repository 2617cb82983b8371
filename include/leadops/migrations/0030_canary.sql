-- The canary: a simulated visitor who goes through every door, and how long each hop took.
create schema canary;

create table canary.visitors (
    visitor_id bigint generated always as identity primary key,
    email text not null check (char_length(email) <= 254),
    began_at timestamptz not null,
    ended_at timestamptz,
    asked_at timestamptz,
    removed_at timestamptz
);
comment on table canary.visitors is 'A simulated visitor, who makes the visits of about a day';
comment on column canary.visitors.ended_at is 'When the next one took over; null: its visits go on';
comment on column canary.visitors.asked_at is 'When the MA and the CRM were asked to erase it';
comment on column canary.visitors.removed_at is 'When its lead, events and points were deleted here';
create unique index visitors_present on canary.visitors ((true)) where ended_at is null;

create table canary.visits (
    visit_id bigint generated always as identity primary key,
    visitor_id bigint not null,
    event_id text not null unique check (char_length(event_id) <= 200),
    form_id text not null check (char_length(form_id) <= 200),
    form_key text not null check (char_length(form_key) <= 200),
    warehouses text[] not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    gave_up boolean not null default false
);
comment on table canary.visits is 'A visit of a simulated visitor';
comment on column canary.visits.event_id is 'That of its event';
comment on column canary.visits.form_id is 'The submission_id under which its form is sent';
comment on column canary.visits.form_key is 'The id under which its form is kept';
comment on column canary.visits.warehouses is 'Those that are to have what was there when its point was seen';
comment on column canary.visits.ended_at is 'When its last hop was done, or was no longer waited for';
create index visits_started on canary.visits (started_at);
create index visits_visitor on canary.visits (visitor_id);
create index visits_open on canary.visits (visit_id) where ended_at is null;

create table canary.hops (
    visit_id bigint not null,
    hop text not null check (char_length(hop) <= 20),
    follows text[] not null,
    limit_minutes double precision not null,
    begins_at timestamptz,
    done_at timestamptz,
    seen_at timestamptz,
    problem text check (char_length(problem) <= 400),
    primary key (visit_id, hop)
);
comment on table canary.hops is 'A hop of a visit: from when it could begin until it was done';
comment on column canary.hops.follows is 'The hops after which it begins; none: it begins with the visit';
comment on column canary.hops.limit_minutes is 'It is late when it takes longer';
comment on column canary.hops.begins_at is 'When the last hop before it was done; null: it waits for one';
comment on column canary.hops.done_at is 'By the time that the stage itself has on record, where it has one';
comment on column canary.hops.seen_at is 'When the canary saw that it was done';
comment on column canary.hops.problem is 'Why a door did not open when it was tried last';
create index hops_open on canary.hops (visit_id) where done_at is null;
create index hops_done on canary.hops (hop, done_at);
