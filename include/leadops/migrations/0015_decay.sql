-- Decay: old behaviour is worth less. And the nightly audit: what was found in the MA, and what was healed there.

-- Up to the end of which local day behaviour has faded: it never goes back.
create table scoring.decayed (
    through date not null
);
create unique index decayed_one on scoring.decayed ((true));

-- Leads with behaviour that fades, and the first local day at whose end it may cost a point.
create table scoring.fading (
    lead_id bigint primary key,
    due_on date not null
);
comment on column scoring.fading.due_on is 'infinity: nothing is left that could fade';
create index fading_due on scoring.fading (due_on, lead_id);

-- One row a comparison of the MA with the ledger that was allowed to heal.
create table delivery.audits (
    audit_id bigint generated always as identity primary key,
    night date not null,
    audited_by text not null,
    begun_at timestamptz not null,
    ended_at timestamptz,
    leads bigint not null default 0,
    ma_leads bigint not null default 0,
    under_way bigint not null default 0,
    differing bigint not null default 0,
    gone bigint not null default 0,
    broken bigint not null default 0,
    unknown bigint not null default 0,
    healed bigint not null default 0,
    heal_limit integer not null,
    gone_limit integer not null,
    lead_ids bigint[] not null default '{}'
);
comment on table delivery.audits is 'What the nightly comparison found; lists of leads are cut, counts are not';
comment on column delivery.audits.night is 'The local day on which it ran, whose limit counts';
comment on column delivery.audits.differing is
'Leads whose score in the MA is not the ledger''s; looked at no further than one over the limit';
comment on column delivery.audits.gone is 'Leads that the MA has no more';
comment on column delivery.audits.broken is 'Leads whose own score is not the sum of their ledger';
comment on column delivery.audits.unknown is 'Leads of the MA that are not ours';
comment on column delivery.audits.lead_ids is 'Some of those that were left as they were';

create table delivery.heals (
    heal_id bigint generated always as identity primary key,
    audit_id bigint not null,
    lead_id bigint not null,
    external_id text not null,
    outbox_id bigint,
    ledger bigint not null,
    ma bigint not null,
    healed_at timestamptz not null
);
comment on table delivery.heals is
'A score in the MA that was put right: ledger minus ma went there as an effect of the outbox';
create index heals_lead on delivery.heals (lead_id, heal_id);
create index heals_audit on delivery.heals (audit_id);
