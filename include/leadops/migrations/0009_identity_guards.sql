-- Identity: companies, enrichment ids, and the guards against giving one person what belongs to many.
alter table identity.aliases drop constraint aliases_kind_check;
alter table identity.aliases
add constraint aliases_kind_check check (kind in ('email', 'enrichment_id', 'user_id', 'anonymous_id'));
comment on column identity.aliases.lead_id is '0: nobody''s, because it was seen with too many emails';

alter table identity.unresolved_events add column enrichment_id text;
create index unresolved_events_enrichment on identity.unresolved_events (enrichment_id)
where enrichment_id is not null;

create table identity.sightings (
    kind text not null,
    value text not null,
    lead_id bigint not null,
    event_seq bigint not null,
    primary key (kind, value, lead_id)
);
comment on table identity.sightings is
'An identifier of one lead was seen with the email of another: the first event that shows it';
comment on column identity.sightings.lead_id is 'The lead of the email';
create index sightings_lead on identity.sightings (lead_id);

create table identity.violations (
    guard text not null check (guard in ('emails', 'identifiers')),
    kind text not null,
    value text not null,
    event_seq bigint not null,
    times integer not null,
    seen_at timestamptz not null,
    settled_at timestamptz,
    primary key (guard, kind, value)
);
comment on table identity.violations is 'What a guard stopped, the first event of it, and how often';
comment on column identity.violations.kind is 'Of the identifier; lead for the guard of a lead''s identifiers';
comment on column identity.violations.settled_at is 'When a person looked at it; seen again later, it is open again';

create table identity.accounts (
    account_id bigint generated always as identity primary key,
    domain text not null unique,
    created_at timestamptz not null
);
comment on table identity.accounts is 'A company, by its registrable domain';
alter table identity.leads add column account_id bigint;
create index leads_account on identity.leads (account_id) where account_id is not null;
