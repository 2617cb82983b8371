-- Lifecycle: when a lead became MQL, SAL, SQL, won or lost, by which contract and on what evidence.
create schema lifecycle;

-- Filled by the CRM poll in the transaction that mirrors an activity, emptied by lifecycle.
create table lifecycle.inbox (
    inbox_id bigint generated always as identity primary key,
    activity_id text not null,
    not_before timestamptz
);
comment on column lifecycle.inbox.not_before is 'Already read, but in the future: read it again at this time';

-- Filled by identity when a lead's person changes, emptied by lifecycle.
create table lifecycle.merge_changes (
    merge_change_id bigint generated always as identity primary key,
    lead_id bigint not null
);

-- How far the ledger was read, and with which thresholds. Its row lock allows one run at a time.
create table lifecycle.cursors (
    feed text primary key,
    ledger_seq bigint not null,
    thresholds text
);

-- Cycles that wait for a CRM id, and every CRM id that ever referred to a lead.
create table lifecycle.unlinked (
    lead_id bigint not null,
    cycle integer not null,
    primary key (lead_id, cycle)
);
create table lifecycle.links (
    crm_lead_id text primary key check (char_length(crm_lead_id) <= 200),
    lead_id bigint not null,
    linked_at timestamptz not null
);
create index links_lead on lifecycle.links (lead_id);
-- What the CRM heard of mail counts for the lead from now on.
create function lifecycle.note_links() returns trigger language plpgsql as $$
begin
    perform consent.note_leads(array(select distinct lead_id from added));
    return null;
end $$;
create trigger note_links after insert on lifecycle.links
referencing new table as added for each statement execute function lifecycle.note_links();

create table lifecycle.transitions (
    transition_id bigint generated always as identity primary key,
    lead_id bigint not null,
    cycle integer not null,
    stage text not null check (stage in ('mql', 'sal', 'sql', 'won', 'lost')),
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    evidence jsonb not null,
    campaign text check (char_length(campaign) <= 100),
    kpi_version text not null,
    source text check (char_length(source) <= 100),
    value numeric(18, 2),
    unique (lead_id, cycle, stage)
);
comment on column lifecycle.transitions.value is
'Of a won deal, in the company''s currency; one in another currency has amount, currency and rate in its evidence';
create index transitions_stage on lifecycle.transitions (stage, occurred_at);
-- The funnel reads a day by what happened on it, and by what was recorded later.
create index transitions_occurred on lifecycle.transitions (occurred_at);
create index transitions_recorded on lifecycle.transitions (recorded_at);

-- Stages as exports state them, each once. lifecycle.transitions holds the cycles that result from them.
create table lifecycle.imported (
    lead_id bigint not null,
    stage text not null check (stage in ('mql', 'sal', 'sql', 'won', 'lost')),
    occurred_at timestamptz not null,
    reference text not null check (char_length(reference) <= 200),
    campaign text check (char_length(campaign) <= 100),
    source text check (char_length(source) <= 100),
    value numeric(18, 2),
    evidence jsonb not null,
    recorded_at timestamptz not null,
    currency text check (currency ~ '^[A-Z]{3}$'),
    primary key (lead_id, stage, occurred_at, reference)
);
comment on column lifecycle.imported.currency is 'Of the value; null: the company''s';
comment on column lifecycle.imported.reference is 'The export''s name of the deal; empty if it has none';

-- What currencies were worth, by month. What is on record stays, unless an import corrects it on purpose.
create table lifecycle.currency_rates (
    month date not null check (extract(day from month) = 1),
    base text not null check (base ~ '^[A-Z]{3}$'),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    rate numeric(24, 12) not null check (rate > 0),
    file text not null,
    recorded_at timestamptz not null,
    primary key (month, base, currency),
    check (base <> currency)
);
comment on column lifecycle.currency_rates.file is 'The import that it came with, or that corrected it';
comment on column lifecycle.currency_rates.recorded_at is 'When it came; a correction keeps it';
comment on column lifecycle.currency_rates.rate is 'Units of the currency that one unit of the base was worth';

-- When sales first did each thing in a cycle, as far as is known; an earlier time replaces a later one.
create table lifecycle.facts (
    lead_id bigint not null,
    cycle integer not null,
    fact text not null,
    occurred_at timestamptz not null,
    activity_id text not null,
    rep_id text,
    primary key (lead_id, cycle, fact)
);
comment on column lifecycle.facts.fact is 'taken, contact, meeting, won, lost, or criterion:<name>';

-- A person's cycles follow one another in time, no matter which of their leads began them.
create table lifecycle.person_cycles (
    lead_id bigint not null,
    cycle integer not null,
    person_cycle integer not null,
    primary key (lead_id, cycle)
);
comment on table lifecycle.person_cycles is 'For each cycle of a merged lead, the cycle of the person';
comment on column lifecycle.person_cycles.person_cycle is
'Cycles of several leads are one cycle if one began while the other was open';

create view lifecycle.merged_transitions as
select
    people.person_id,
    coalesce(numbers.person_cycle, transitions.cycle) as person_cycle,
    transitions.*
from identity.people as people
inner join lifecycle.transitions as transitions on people.lead_id = transitions.lead_id
left join lifecycle.person_cycles as numbers
    on transitions.lead_id = numbers.lead_id and transitions.cycle = numbers.cycle;

create view lifecycle.person_transitions as
select
    transitions.lead_id,
    transitions.cycle,
    transitions.stage,
    transitions.occurred_at,
    transitions.recorded_at,
    transitions.evidence,
    transitions.campaign,
    transitions.source,
    transitions.value,
    transitions.kpi_version,
    transitions.lead_id as own_lead_id,
    transitions.cycle as own_cycle
from lifecycle.transitions as transitions
where not exists (select from identity.people as people where people.lead_id = transitions.lead_id)
union all
(
    select distinct on (joined.person_id, joined.person_cycle, joined.stage)
        joined.person_id as lead_id,
        joined.person_cycle as cycle,
        joined.stage,
        joined.occurred_at,
        joined.recorded_at,
        joined.evidence,
        joined.campaign,
        joined.source,
        joined.value,
        joined.kpi_version,
        joined.lead_id as own_lead_id,
        joined.cycle as own_cycle
    from lifecycle.merged_transitions as joined
    order by
        joined.person_id asc, joined.person_cycle asc, joined.stage asc, joined.occurred_at asc, joined.lead_id asc
);
comment on view lifecycle.person_transitions is 'Merged leads appear as one person, under the oldest lead';
comment on column lifecycle.person_transitions.own_lead_id is 'With own_cycle: the lead and cycle it is recorded for';

create view lifecycle.current_transitions as
select reached.*
from lifecycle.person_transitions as reached
where not exists (
    select from identity.uncounted_leads as uncounted
    where uncounted.lead_id = reached.own_lead_id
);
comment on view lifecycle.current_transitions is 'Of people who count; merged leads are one person, the oldest lead';

-- A person's last cycle, and when it ended; null while it is open. No row: there never was one.
create function lifecycle.find_latest_cycle(asked_lead bigint) returns table (cycle integer, ended_at timestamptz)
language sql stable parallel safe rows 1 as $$
select
    story.cycle,
    (
        select min(ending.occurred_at) from lifecycle.current_transitions as ending
        where ending.lead_id = story.lead_id and ending.cycle = story.cycle and ending.stage in ('won', 'lost')
    ) as ended_at
from lifecycle.current_transitions as story
where story.lead_id = asked_lead
order by story.cycle desc
limit 1
$$;

-- Whether an MQL is counted apart, by its evidence: its account is a customer or has an open deal, and the owner of
-- the account is only notified (mql.account of kpi.yaml).
create function lifecycle.is_apart(evidence jsonb) returns boolean language sql immutable parallel safe
return coalesce(evidence #>> '{account,means}' = 'tell', false);

-- Whether what a lead has up to a moment, by the ledger as it is now, misses the `thresholds` of an MQL's evidence.
-- Points and corrections carry the date of their reason: what remains up to the day of the MQL is what it stands on.
create function lifecycle.misses_thresholds(asked_lead bigint, asked_until timestamptz, thresholds jsonb)
returns boolean language sql stable parallel safe as $$
    select
        coalesce(
            had.fit < (thresholds ->> 'fit')::integer
            or had.behaviour < (thresholds ->> 'behaviour')::integer
            or had.total < (thresholds ->> 'total')::integer
            or (
                thresholds ->> 'since' is not null
                and had.behaviour_again < (thresholds ->> 'again_behaviour')::integer
            ), false
        )
    from (
        select
            coalesce(sum(ledger.points) filter (where ledger.dimension = 'fit'), 0) as fit,
            coalesce(sum(ledger.points) filter (where ledger.dimension = 'behaviour'), 0) as behaviour,
            coalesce(sum(ledger.points), 0) as total,
            coalesce(
                sum(ledger.points) filter (
                    where ledger.dimension = 'behaviour' and ledger.occurred_at > (thresholds ->> 'since')::timestamptz
                ), 0
            ) as behaviour_again
        from scoring.ledger as ledger
        where ledger.lead_id = asked_lead and ledger.occurred_at <= asked_until and ledger.kind <> 'decay'
    ) as had
$$;

-- Few stages are SAL or SQL, so the MQL of their cycle is looked up for them alone. Wins and losses count in any case.
create view lifecycle.judged_transitions as
select
    reached.*,
    case
        when reached.stage = 'mql' then not lifecycle.is_apart(reached.evidence)
        when reached.stage in ('sal', 'sql')
            then not exists (
                select from lifecycle.current_transitions as mql
                where
                    mql.lead_id = reached.lead_id
                    and mql.cycle = reached.cycle
                    and mql.stage = 'mql'
                    and lifecycle.is_apart(mql.evidence)
            )
        else true
    end as is_counted
from lifecycle.current_transitions as reached;
comment on view lifecycle.judged_transitions is
'Whether each stage counts: MQLs that are counted apart do not, nor their SALs and their SQLs';

-- Whoever counts MQLs, or what part of them became SAL or SQL, reads this.
create view lifecycle.counted_transitions as
select * from lifecycle.judged_transitions
where is_counted;
comment on view lifecycle.counted_transitions is 'Without the MQLs that are counted apart, their SALs and their SQLs';

-- Who has a lead in the CRM, or one on its way. After won or lost it does not count: a new cycle gets a new lead.
-- A person is in the CRM if any of their leads is.
create view lifecycle.leads_in_crm as
select known.lead_id
from delivery.external_ids as known
where
    known.target = 'crm'
    and known.learned_at > coalesce(
        (
            select max(ending.occurred_at) from lifecycle.current_transitions as ending
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
            select max(ending.occurred_at) from lifecycle.current_transitions as ending
            where ending.lead_id = wanted.lead_id and ending.stage in ('won', 'lost')
        ), '-infinity'
    )
union all
select people.person_id as lead_id
from identity.people as people
inner join delivery.external_ids as known on people.lead_id = known.lead_id and known.target = 'crm'
where
    people.lead_id <> people.person_id
    and known.learned_at > coalesce(
        (
            select max(ending.occurred_at) from lifecycle.current_transitions as ending
            where ending.lead_id = people.person_id and ending.stage in ('won', 'lost')
        ), '-infinity'
    )
union all
select people.person_id as lead_id
from identity.people as people
inner join delivery.outbox as wanted on people.lead_id = wanted.lead_id
where
    people.lead_id <> people.person_id
    and wanted.target = 'crm'
    and wanted.operation = 'create_lead'
    and wanted.state in ('pending', 'sending', 'done')
    and wanted.created_at > coalesce(
        (
            select max(ending.occurred_at) from lifecycle.current_transitions as ending
            where ending.lead_id = people.person_id and ending.stage in ('won', 'lost')
        ), '-infinity'
    );

-- The CRM id of a lead; if a person's oldest lead has none, the id of their next lead that has one.
create view lifecycle.crm_leads as
select
    known.lead_id,
    known.lead_id as holder_id,
    known.external_id
from delivery.external_ids as known
where known.target = 'crm'
union all
(
    select distinct on (people.person_id)
        people.person_id as lead_id,
        people.lead_id as holder_id,
        known.external_id
    from identity.people as people
    inner join delivery.external_ids as known on people.lead_id = known.lead_id and known.target = 'crm'
    where
        not exists (
            select from delivery.external_ids as own
            where own.target = 'crm' and own.lead_id = people.person_id
        )
    order by people.person_id asc, people.lead_id asc
);

create table lifecycle.frozen_quarters (
    quarter text not null check (quarter ~ '^([0-9]{4}|FY[0-9]{4}/[0-9]{2})-Q[1-4]$'),
    revision integer not null check (revision > 0),
    first_day date not null,
    last_day date not null,
    timezone text not null,
    versions text[] not null,
    contract jsonb not null,
    digest text not null,
    reason text,
    frozen_at timestamptz not null,
    primary key (quarter, revision)
);
comment on table lifecycle.frozen_quarters is 'The KPI contract of a quarter; the highest revision counts';
comment on column lifecycle.frozen_quarters.timezone is 'The time zone in which versions begin at midnight';
comment on column lifecycle.frozen_quarters.versions is 'Names of the versions in effect in the quarter';
comment on column lifecycle.frozen_quarters.contract is 'The whole kpi.yaml at that time';
comment on column lifecycle.frozen_quarters.digest is 'SHA-256 of timezone and contract';
comment on column lifecycle.frozen_quarters.reason is 'Why it replaces the revision before; null: the first';

-- Quarters for which kpi.yaml differs from the frozen contract; the minute run keeps this up to date.
create table lifecycle.frozen_changes (
    quarter text primary key,
    facts jsonb not null,
    found_at timestamptz not null
);

-- Each change of the rules that evaluate what sales did; the last row is in force.
create table lifecycle.contract_changes (
    change_id bigint generated always as identity primary key,
    changed_at timestamptz not null,
    digest text not null,
    spans jsonb not null,
    changes text[] not null,
    evaluated integer not null default 0,
    moved integer not null default 0
);
comment on column lifecycle.contract_changes.digest is 'SHA-256 of spans';
comment on column lifecycle.contract_changes.spans is
'The rules by time: those of kpi.yaml, in a frozen quarter those of the frozen contract';
comment on column lifecycle.contract_changes.changes is 'What differs from the row before: setting: before → now';
comment on column lifecycle.contract_changes.evaluated is 'Leads that were evaluated again because of it';
comment on column lifecycle.contract_changes.moved is 'Of these, leads whose stages changed';

-- Leads to evaluate again, because another contract decided their stages. Lifecycle fills and empties it.
create table lifecycle.reevaluations (
    lead_id bigint primary key,
    decided_by text not null
);
comment on column lifecycle.reevaluations.decided_by is
'Digest of the contract that decided the stages; once it is in force again, nothing is left to do';

-- Words of the CRM that neither kpi.yaml nor the CRM's list of salespeople names; at most 1,000 of each field.
create table lifecycle.unnamed_words (
    field text not null check (field in ('status', 'kind', 'salesperson')),
    word_key text not null check (char_length(word_key) <= 200),
    word text not null check (char_length(word) <= 200),
    first_seen_at timestamptz not null,
    last_occurred_at timestamptz not null,
    primary key (field, word_key)
);
comment on column lifecycle.unnamed_words.word is 'As the CRM spelled it when it was first seen';

-- The total at which a lead becomes MQL, and how soon sales must respond; one row for each day.
create table lifecycle.thresholds (
    threshold_id bigint generated always as identity primary key,
    day date not null unique,
    kpi_version text not null,
    value integer,
    sla_minutes double precision,
    effective_at timestamptz,
    proposed_at timestamptz not null,
    decided_by text not null check (decided_by in ('kept', 'automatic', 'approved', 'reverted')),
    reason text not null,
    plan text not null check (plan in ('keep', 'apply', 'ask')),
    proposed_value integer,
    proposed_sla_minutes double precision,
    answer text check (answer in ('approved', 'rejected', 'unanswered')),
    waits_since timestamptz,
    facts jsonb not null,
    basis jsonb,
    hash text not null,
    check ((decided_by = 'kept') = (effective_at is null))
);
comment on column lifecycle.thresholds.day is 'The local day after which it was computed';
comment on column lifecycle.thresholds.value is
'The total that this row sets for its KPI version; null: that of kpi.yaml';
comment on column lifecycle.thresholds.sla_minutes is
'The first-contact target that this row sets for MQLs of the catch-all tier; null: that of sla.yaml';
comment on column lifecycle.thresholds.effective_at is 'Null: the row changes nothing';
comment on column lifecycle.thresholds.plan is 'ask: a human decides, and without an answer nothing changes';
comment on column lifecycle.thresholds.waits_since is
'When a person was asked; null: nobody was asked, or there is an answer';
comment on column lifecycle.thresholds.basis is
'Leads and outcomes by score, as known after the day; null: not computed';
comment on column lifecycle.thresholds.hash is 'Hash of the inputs and of the result';
create index thresholds_effective on lifecycle.thresholds (effective_at) where effective_at is not null;

-- Funnel triggers: whoever writes lifecycle.transitions makes days dirty. The functions of analytics that they call are
-- made in 0010_funnel.sql; PL/pgSQL looks them up when it runs.
-- A new MQL gives the other stages of its cycle another cohort, a new SAL is the answer to its MQL and gives all of
-- them another salesperson, a new end may supersede the other one.
create function lifecycle.mark_new_transitions() returns trigger language plpgsql as $$
begin
    perform analytics.mark_moments(array(
        select date_bin('15 minutes', occurred_at, 'epoch') from added
        union
        select date_bin('15 minutes', other.occurred_at, 'epoch')
        from added
        inner join lifecycle.transitions as other on added.lead_id = other.lead_id and added.cycle = other.cycle
        where
            added.stage = 'mql'
            or added.stage = 'sal'
            or (added.stage in ('won', 'lost') and other.stage in ('won', 'lost'))
            -- The MQL's response time says that it went on or ended without having been taken.
            or (
                added.stage in ('sql', 'won', 'lost')
                and other.stage = 'mql'
                and not exists (
                    select from lifecycle.transitions as taken
                    where taken.lead_id = added.lead_id and taken.cycle = added.cycle and taken.stage = 'sal'
                )
            )
    ));
    perform analytics.mark_person(lead_id) from (
        select distinct added.lead_id
        from added
        inner join identity.leads as leads on added.lead_id = leads.lead_id
        where
            leads.merged_into is not null
            or exists (select from identity.leads as member where member.merged_into = leads.lead_id)
    ) as merged;
    return null;
end $$;
create trigger mark_new_transitions after insert on lifecycle.transitions
referencing new table as added for each statement execute function lifecycle.mark_new_transitions();

create function lifecycle.mark_changed_transition() returns trigger language plpgsql as $$
begin
    perform analytics.mark_moments(array[old.occurred_at]);
    perform analytics.mark_person(old.lead_id);
    if tg_op = 'UPDATE' then
        perform analytics.mark_person(new.lead_id);
    end if;
    return null;
end $$;
create trigger mark_changed_transition after update on lifecycle.transitions
for each row when (old is distinct from new) execute function lifecycle.mark_changed_transition();
create trigger mark_deleted_transition after delete on lifecycle.transitions
for each row execute function lifecycle.mark_changed_transition();

-- Published tables: what a lead reached goes out again. mart.inbox is made in 0028_marts.sql.
create function lifecycle.publish_transitions() returns trigger language plpgsql as $$
begin
    insert into mart.inbox (mart, id) select 'transitions', changed.lead_id from changed;
    return null;
end $$;
create trigger publish_new_transitions after insert on lifecycle.transitions
referencing new table as changed for each statement execute function lifecycle.publish_transitions();
create trigger publish_changed_transitions after update on lifecycle.transitions
referencing new table as changed for each statement execute function lifecycle.publish_transitions();
create trigger publish_gone_transitions after delete on lifecycle.transitions
referencing old table as changed for each statement execute function lifecycle.publish_transitions();
create trigger publish_new_cycles after insert on lifecycle.person_cycles
referencing new table as changed for each statement execute function lifecycle.publish_transitions();
create trigger publish_changed_cycles after update on lifecycle.person_cycles
referencing new table as changed for each statement execute function lifecycle.publish_transitions();
create trigger publish_gone_cycles after delete on lifecycle.person_cycles
referencing old table as changed for each statement execute function lifecycle.publish_transitions();

-- Published tables: mart.inbox is made in 0028_marts.sql.
create function lifecycle.publish_facts() returns trigger language plpgsql as $$
begin
    insert into mart.inbox (mart, id) select 'responses', changed.lead_id from changed;
    return null;
end $$;
create trigger publish_new_facts after insert on lifecycle.facts
referencing new table as changed for each statement execute function lifecycle.publish_facts();
create trigger publish_changed_facts after update on lifecycle.facts
referencing new table as changed for each statement execute function lifecycle.publish_facts();
create trigger publish_gone_facts after delete on lifecycle.facts
referencing old table as changed for each statement execute function lifecycle.publish_facts();

-- A night that is run again writes the same decision: nothing of what is published changes.
create function lifecycle.publish_thresholds() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into mart.inbox (mart, id) select 'decisions', changed.threshold_id from changed;
    else
        insert into mart.inbox (mart, id)
        select
            'decisions',
            changed.threshold_id
        from changed
        inner join former on changed.threshold_id = former.threshold_id
        where
            (
                changed.day, changed.proposed_at, changed.decided_by, changed.reason, changed.answer,
                changed.effective_at, changed.value, changed.sla_minutes
            ) is distinct from (
                former.day, former.proposed_at, former.decided_by, former.reason, former.answer,
                former.effective_at, former.value, former.sla_minutes
            );
    end if;
    return null;
end $$;
create trigger publish_new_thresholds after insert on lifecycle.thresholds
referencing new table as changed for each statement execute function lifecycle.publish_thresholds();
create trigger publish_changed_thresholds after update on lifecycle.thresholds
referencing old table as former new table as changed
for each statement execute function lifecycle.publish_thresholds();

-- Takes a simulated visitor out. The role of tasks may delete no such row: the owner's function does, and no other one.
create function lifecycle.remove_canary(lead_id bigint) returns void
language sql volatile security definer set search_path = pg_catalog
as $$
    delete from lifecycle.links as mine
    using identity.canary_leads as canaries
    where mine.lead_id = canaries.lead_id and canaries.lead_id = remove_canary.lead_id;
$$;
