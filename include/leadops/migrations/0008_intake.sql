-- Intake: forms as they came, and what is needed to know them again.
create table cdp.raw_leads (
    submission_id text primary key,
    sender_id text,
    received_at timestamptz not null,
    secret smallint not null,
    body text not null
);
comment on table cdp.raw_leads is 'One row a form submission, once for ever; its event is ''form-'' || submission_id';
comment on column cdp.raw_leads.submission_id is 'Keyed hash of the sender''s id, or else of the content';
comment on column cdp.raw_leads.sender_id is 'The sender''s own submission_id; null: it gave none';
comment on column cdp.raw_leads.secret is 'Which of the configured secrets signed it, from 1: an old one unused may go';
comment on column cdp.raw_leads.body is 'The signed body, as it was received';

-- Of what is refused only the number is kept: whoever sends it is nobody we know.
create table cdp.form_refusals (
    day date not null,
    reason text not null,
    times bigint not null,
    primary key (day, reason)
);
comment on column cdp.form_refusals.day is 'UTC';

-- One key for ever per database. It is no form secret, so that hashes outlive a rotation.
create table cdp.intake_keys (
    hash_key bytea not null
);
insert into cdp.intake_keys (hash_key)
values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

-- Whose lead in the CRM is there or on its way. After won or lost it counts no more: a new story, a new lead.
create index outbox_created on delivery.outbox (lead_id) where target = 'crm' and operation = 'create_lead';
create view lifecycle.leads_in_crm as
select known.lead_id
from delivery.external_ids as known
where
    known.target = 'crm'
    and known.learned_at > coalesce(
        (
            select max(ending.occurred_at) from lifecycle.transitions as ending
            where ending.lead_id = known.lead_id and ending.stage in ('won', 'lost')
        ), '-infinity'
    )
union all
select wanted.lead_id
from delivery.outbox as wanted
where
    wanted.target = 'crm'
    and wanted.operation = 'create_lead'
    and wanted.state in ('pending', 'sending', 'done')
    and wanted.created_at > coalesce(
        (
            select max(ending.occurred_at) from lifecycle.transitions as ending
            where ending.lead_id = wanted.lead_id and ending.stage in ('won', 'lost')
        ), '-infinity'
    );
