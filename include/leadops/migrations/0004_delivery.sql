-- Delivery: the one way out to other systems.
create schema delivery;

-- One permanent number a database, so that two databases on one MA never share a key.
create table delivery.installation (
    installation_id text primary key
);
insert into delivery.installation (installation_id) values (substr(replace(gen_random_uuid()::text, '-', ''), 1, 8));

-- Random, and kept with the row or the body that it is made for: neither a restored backup, whose counters start again,
-- nor another database on the same target makes a key or an id that the target remembers.
create function delivery.make_nonce()
returns text
language sql volatile
return substr(replace(gen_random_uuid()::text, '-', ''), 1, 12);
comment on function delivery.make_nonce() is 'Makes keys unique: 48 random bits in hexadecimal';

-- A number that grows before each first call to another system. A file outside of the database remembers it, so that a
-- database that is restored from a backup, or lost its last seconds, is noticed: its number is lower than the file's.
create table delivery.marks (
    holder text primary key,
    mark bigint not null,
    since timestamptz not null,
    marked_at timestamptz not null
);
comment on column delivery.marks.holder is 'The file that remembers the number: one a machine or volume';

-- Nothing is sent while a hold is open: the database went back, or somebody says so.
create table delivery.holds (
    hold_id bigint generated always as identity primary key,
    reason text not null check (reason in ('mark', 'by hand')),
    held_at timestamptz not null,
    facts jsonb not null default '{}',
    opened_at timestamptz,
    epoch text,
    lost_since timestamptz
);
comment on column delivery.holds.lost_since is
'When the last call went out that the database knows of: what other systems got later may be lost here';
comment on column delivery.holds.opened_at is 'When `leadops restored` let everything go out again';
comment on column delivery.holds.epoch is
'Random, since opened_at: files that remember a number of an earlier epoch were right to be ahead';
create unique index holds_open on delivery.holds ((true)) where opened_at is null;

-- Which account each target was when it gave its ids to our leads. In another account the same ids are other people's.
create table delivery.accounts (
    target text primary key,
    product text not null,
    account text check (char_length(account) <= 200),
    place text not null,
    since timestamptz not null,
    connection text not null,
    checked_at timestamptz not null,
    has_feed boolean not null default false,
    other_product text,
    other_account text check (char_length(other_account) <= 200),
    other_place text,
    other_connection text,
    other_asked_at timestamptz,
    other_at timestamptz
);
comment on column delivery.accounts.connection is
'A salted hash of the connection that last led there: another one is asked for its account before anything is sent';
comment on column delivery.accounts.account is 'Its own permanent id; null: it says none, and counts by its place';
comment on column delivery.accounts.has_feed is
'Something was read from its feed: another account counts on from other ids and another place';
comment on column delivery.accounts.place is 'The address of the connection, and the database that it names';
comment on column delivery.accounts.other_place is
'Where a connection led last that is not this account; nothing is sent there';
comment on column delivery.accounts.other_at is 'When it was last met';

-- Operations that our credentials do not allow, while others are allowed: they wait, and nothing else does.
create table delivery.refused_operations (
    target text not null,
    operation text not null,
    since timestamptz not null,
    refused_at timestamptz not null,
    until timestamptz not null,
    reason text not null,
    primary key (target, operation)
);
comment on table delivery.refused_operations is 'A row goes when the target takes the operation again';
comment on column delivery.refused_operations.until is 'No call of the operation is made before';

-- Inbox of delivery: the stage that needs the effect fills it, delivery settles it.
create table delivery.outbox (
    outbox_id bigint generated always as identity primary key,
    target text not null,
    operation text not null,
    lead_id bigint,
    payload jsonb not null,
    idempotency_key text not null unique,
    nonce text not null default delivery.make_nonce(),
    lane smallint not null default 0,
    created_at timestamptz not null,
    state text not null default 'pending' check (state in ('pending', 'sending', 'done', 'dead', 'dropped')),
    attempts integer not null default 0,
    not_before timestamptz,
    request jsonb,
    body text,
    first_sent_at timestamptz,
    may_have_arrived boolean not null default false,
    gone_answers smallint not null default 0,
    settled_at timestamptz,
    answer jsonb,
    error text
);
comment on column delivery.outbox.nonce is 'The target knows the key as <nonce>-<idempotency_key>';
comment on column delivery.outbox.payload is 'The values of the operation, in words of ours';
comment on column delivery.outbox.request is
'The call as the product made it, but for its body: it is stored with the body before it is sent, and stays';
comment on column delivery.outbox.state is
'sending: the body was stored and may have been sent; without a lock on the row, the outcome is unknown';
comment on column delivery.outbox.first_sent_at is
'Since when a call of it may have arrived: the memory of its key counts; null: certainly none had an effect';
comment on column delivery.outbox.may_have_arrived is 'The outcome of an earlier call is unknown';
comment on column delivery.outbox.gone_answers is
'How often the target said that the lead is gone, while its feed may still tell where it went';
create index outbox_ended on delivery.outbox (settled_at) where state in ('done', 'dead', 'dropped');
create index outbox_settled on delivery.outbox (settled_at) where state in ('done', 'dropped') and body is not null;
create index outbox_open on delivery.outbox (target, lane, outbox_id) where state in ('pending', 'sending');
-- The story of a lead on the Lead ops page.
create index outbox_lead on delivery.outbox (lead_id, outbox_id);
-- An effect that needs the target's id of a lead waits for earlier effects on that lead.
create index outbox_lead_open on delivery.outbox (lead_id, outbox_id) where state in ('pending', 'sending');
-- Leads that will not be created: score changes that wait for them are not late.
create index outbox_given_up on delivery.outbox (lead_id)
where operation = 'upsert_lead' and state in ('dead', 'dropped');
create index outbox_owner on delivery.outbox (lead_id, outbox_id) where target = 'crm' and operation = 'set_owner';
create index outbox_created on delivery.outbox (lead_id) where target = 'crm' and operation = 'create_lead';
create index outbox_withdrawn on delivery.outbox (lead_id, outbox_id)
where target = 'crm' and operation in ('withdraw_lead', 'restore_lead');

-- One bulk call: a range of the ledger (or held deltas), its rows, its exact body and key, stored before it is sent.
create table delivery.batches (
    batch_id bigint generated always as identity primary key,
    target text not null,
    lane smallint not null,
    slice smallint not null default 0,
    slices smallint not null default 1,
    idempotency_key text not null unique,
    from_seq bigint,
    deltas integer not null,
    ledger_seqs bigint[] not null default '{}',
    nonce text not null default delivery.make_nonce(),
    rows json not null,
    request jsonb,
    body text,
    created_at timestamptz not null,
    first_sent_at timestamptz,
    state text not null default 'ready' check (state in ('ready', 'done', 'dead', 'dropped')),
    attempts integer not null default 0,
    not_before timestamptz,
    may_have_arrived boolean not null default false,
    is_answered boolean not null default false,
    is_read_back boolean not null default false,
    settled_at timestamptz,
    error text
);
comment on column delivery.batches.slice is
'Which of `slices` slices its leads are in: one sender at a time sends the batches of a slice, in order';
comment on column delivery.batches.slices is
'Later changes of its leads wait for it where they are divided by another number; 0: it is a part of another batch';
comment on column delivery.batches.may_have_arrived is 'The outcome of an earlier call is unknown';
comment on column delivery.batches.is_answered is
'An answer left these deltas unknown: they are read back, never sent again';
comment on column delivery.batches.is_read_back is
'A part of it was read back: the rest is read back too, never sent again';
comment on column delivery.batches.ledger_seqs is
'The rows of the ledger that the call was built from; they stay when `rows` shrinks';
comment on column delivery.batches.rows is
'The changes that are still open: seq of the ledger, lead_id, external_id, points, reason; they shrink, the body stays.
Where totals are set, the changes that the totals cover; seq 0: a total that goes out once more';
comment on column delivery.batches.nonce is 'The target knows a change as <nonce>-<seq>';
comment on column delivery.batches.request is
'The call as the product made it, but for its body; both are null until the call is claimed first';
comment on column delivery.batches.from_seq is
'The least seq of its rows, whose age is that of the batch; null: it was built from held changes';
comment on column delivery.batches.created_at is
'When it was built, or the batch that it is a part of: the age of held changes counts from then';
comment on column delivery.batches.first_sent_at is
'Since when a call of it may have arrived: the memory of its key counts; null: certainly none had an effect';
-- Rows and bodies are read once or twice and removed: compressing them costs more than it saves.
alter table delivery.batches alter column body set storage external;
alter table delivery.batches alter column rows set storage external;
create index batches_settled on delivery.batches (settled_at) where state <> 'ready';
create index batches_open on delivery.batches (target, lane, batch_id) where state = 'ready';

-- The last ledger row that is in a batch or held.
create table delivery.cursors (
    target text not null,
    lane smallint not null,
    ledger_seq bigint not null,
    primary key (target, lane)
);

-- Deltas before the cursor that are not in a batch: the lead was unknown, or a person retries them.
create table delivery.held_deltas (
    ledger_seq bigint primary key,
    target text not null,
    lead_id bigint not null,
    lane smallint not null
);
create index held_deltas_lead on delivery.held_deltas (lead_id);

-- Holds score changes for their leads. Outbox workers of the gateway call it, whose role may not read the ledger.
create function delivery.hold_deltas(target text, seqs bigint[]) returns void
language sql volatile security definer set search_path = pg_catalog
as $$
    insert into delivery.held_deltas (ledger_seq, target, lead_id, lane)
    select
        ledger.seq,
        hold_deltas.target,
        ledger.lead_id,
        ledger.lane
    from scoring.ledger as ledger
    where ledger.seq = any(hold_deltas.seqs)
    on conflict (ledger_seq) do nothing
$$;

create table delivery.external_ids (
    target text not null,
    lead_id bigint not null,
    external_id text not null check (char_length(external_id) <= 200),
    learned_at timestamptz not null,
    state text not null default 'present' check (state in ('present', 'unaligned', 'gone', 'recreating')),
    changed_at timestamptz,
    reason text,
    not_before timestamptz,
    mql_at timestamptz,
    merged_into text check (char_length(merged_into) <= 200),
    primary key (target, lead_id)
);
comment on column delivery.external_ids.merged_into is
'Of the CRM only: the lead that goes on there after a merge or a conversion; calls name it';
comment on column delivery.external_ids.state is
'Of the MA only: unaligned: its total is compared before the next change is sent; gone: the MA no longer has the lead';
comment on column delivery.external_ids.changed_at is 'Since when it is in this state; null: since it was learned';
comment on column delivery.external_ids.reason is 'Why it is gone, or has to be aligned';
comment on column delivery.external_ids.not_before is
'An unaligned lead is looked at, and a gone one made again, no sooner';
comment on column delivery.external_ids.mql_at is 'The newest live MQL: after one, a gone lead may be recreated';
create index external_ids_external on delivery.external_ids (target, external_id);
create index external_ids_state on delivery.external_ids (target, state) where state <> 'present';

-- Another system knows a lead from now on, or knows it by another record: whoever wants no mail is passed on there.
create function delivery.note_records() returns trigger language plpgsql as $$
begin
    perform consent.note_leads(array(select distinct lead_id from changed));
    return null;
end $$;
create trigger note_new_records after insert on delivery.external_ids
referencing new table as changed for each statement execute function delivery.note_records();

create function delivery.note_record() returns trigger language plpgsql as $$
begin
    perform consent.note_leads(array[new.lead_id]);
    return null;
end $$;
create trigger note_other_record after update on delivery.external_ids
for each row when (
    old.external_id <> new.external_id
    or old.merged_into is distinct from new.merged_into
    or (old.state in ('gone', 'recreating') and new.state not in ('gone', 'recreating'))
) execute function delivery.note_record();

-- Where scores are set and not added to: which total the target has of a lead, and when it is wanted once more. A row
-- counts while the lead has this id in the target.
create table delivery.totals (
    target text not null,
    lead_id bigint not null,
    external_id text not null check (char_length(external_id) <= 200),
    seq bigint not null default 0,
    due_at timestamptz,
    refused text,
    primary key (target, lead_id)
);
comment on column delivery.totals.seq is
'The newest row of the ledger in the total that the target took last; 0: it took none under this id';
comment on column delivery.totals.due_at is
'From then on the total goes out once more, without a new change: it differs there, or a call may have arrived late';
comment on column delivery.totals.refused is 'Why the target refused the newest total; null: it did not';
create index totals_due on delivery.totals (target, due_at) where due_at is not null;

-- Leads that a target had when the database went back, and that nobody here knew. In the CRM the next creation of the
-- same address takes the lead that is there; in the MA whoever gets the id is compared before points are sent.
create table delivery.found_leads (
    target text not null,
    external_id text not null check (char_length(external_id) <= 200),
    address_hash text not null,
    found_at timestamptz not null,
    taken_at timestamptz,
    primary key (target, external_id)
);
comment on column delivery.found_leads.address_hash is 'SHA-256 of the address in lower case';
create index found_leads_free on delivery.found_leads (target, address_hash) where taken_at is null;

create table delivery.dead_letters (
    dead_letter_id bigint generated always as identity primary key,
    target text not null,
    kind text not null check (kind in ('effect', 'delta')),
    reference bigint not null,
    lead_id bigint,
    points integer,
    reason text not null,
    died_at timestamptz not null,
    state text not null default 'open' check (state in ('open', 'retried', 'dropped', 'applied')),
    settled_at timestamptz
);
comment on column delivery.dead_letters.reference is 'outbox_id or ledger seq, by kind';
create index dead_letters_open on delivery.dead_letters (target) where state = 'open';
-- Serves the look-up of the last retry of an effect or delta.
create index dead_letters_retried on delivery.dead_letters (reference, kind) where state = 'retried';

-- One row a target: its rate (a token bucket) and until when it asked us to wait; shared by all processes.
create table delivery.targets (
    target text primary key,
    tokens double precision not null,
    refilled_at timestamptz not null,
    paused_until timestamptz,
    pause_reason text,
    duplicates integer not null default 0,
    duplicates_at timestamptz,
    duplicate_leads bigint[] not null default '{}'
);
comment on column delivery.targets.duplicates is
'Changes that the target says it had before, though nothing on record says that they were sent';

-- Calls to each target by quarter of an hour: what a day's quota is compared with.
create table delivery.call_counts (
    target text not null,
    starts_at timestamptz not null,
    calls integer not null,
    primary key (target, starts_at)
);

-- How the calls to each target ended, since the beginning.
create table delivery.call_outcomes (
    target text not null,
    outcome text not null check (
        outcome in ('answered', 'refused', 'throttled', 'postponed', 'unreachable', 'unknown')
    ),
    calls bigint not null,
    primary key (target, outcome)
);

-- What a target last said of its account's day, and until when no call is left.
create table delivery.quotas (
    target text primary key,
    used integer,
    day_limit integer,
    read_at timestamptz,
    calls_since integer not null default 0,
    used_up_until timestamptz,
    closed_until timestamptz,
    reserved integer not null default 0,
    reserved_at timestamptz,
    asked_at timestamptz
);
comment on column delivery.quotas.asked_at is 'When it was asked for its day, where no other answer says it';
comment on column delivery.quotas.used is 'Calls of everybody who uses the account, at read_at';
comment on column delivery.quotas.calls_since is 'Our calls since then';
comment on column delivery.quotas.used_up_until is 'The target itself said that it takes no call before';
comment on column delivery.quotas.closed_until is 'By our count no live call was left before, at the last look';
comment on column delivery.quotas.reserved is 'Calls granted and not yet made or given back, since reserved_at';

-- One row a comparison of the MA with the ledger that was allowed to correct the MA.
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
    missing_in_ma bigint not null default 0,
    inconsistent bigint not null default 0,
    unmatched bigint not null default 0,
    gone bigint not null default 0,
    corrected bigint not null default 0,
    correction_limit integer not null,
    missing_limit integer not null,
    lead_ids bigint[] not null default '{}'
);
comment on table delivery.audits is 'Results of the nightly comparison; lists of leads are truncated, counts are not';
comment on column delivery.audits.night is 'The local day on which it ran; the limit applies to a night';
comment on column delivery.audits.differing is
'Leads whose score in the MA is not the ledger''s; counting stops one above the limit';
comment on column delivery.audits.missing_in_ma is 'Leads that this comparison was the first to miss in the MA';
comment on column delivery.audits.gone is 'Leads that are gone from the MA, these included';
comment on column delivery.audits.inconsistent is 'Leads whose own score is not the sum of their ledger';
comment on column delivery.audits.unmatched is 'Leads of the MA that are not ours';
comment on column delivery.audits.lead_ids is 'Some of the leads that were not corrected';

create table delivery.score_corrections (
    correction_id bigint generated always as identity primary key,
    audit_id bigint,
    lead_id bigint not null,
    external_id text not null,
    outbox_id bigint,
    ledger bigint not null,
    ma bigint not null,
    corrected_at timestamptz not null
);
comment on table delivery.score_corrections is
'A corrected score in the MA: the difference, ledger minus ma, is an effect of the outbox';
comment on column delivery.score_corrections.audit_id is
'Null: the lead was recreated in the MA, merged into another there, or found again';
create index score_corrections_lead on delivery.score_corrections (lead_id, correction_id);
create index score_corrections_audit on delivery.score_corrections (audit_id);

-- The rows of a batch, as text: many are built in one call, and parsing each would cost more than the call.
-- Plain SQL, so that the planner inlines its body.
create function delivery.form_row(
    ledger_seq bigint, lead_id bigint, external_id text, points integer, reason text
) returns text
language sql stable
return format(
    '{"seq":%s,"lead_id":%s,"external_id":%s,"points":%s,"reason":%s}',
    ledger_seq, lead_id, to_json(external_id), points, to_json(reason)
);
comment on function delivery.form_row(bigint, bigint, text, integer, text) is
'One row of a batch: a change of a score, in words of ours';

-- The slice of a lead, by its id in the target: whoever is merged or split here, it stays.
create function delivery.find_slice(external_id text, slices integer) returns smallint
language sql immutable
return ((hashtext(external_id) & 2147483647) % slices)::smallint;
comment on function delivery.find_slice(text, integer) is 'Which of some slices a lead of a target is in';

-- Leads with a call that failed: its outcome may be unknown, and with a second open call the score that is read back
-- could fit several cases. Leads in a call that was divided otherwise, so that another sender may have it. And leads
-- that are gone, or whose total has to be compared first.
create function delivery.list_busy_leads(target text, slices integer) returns table (external_id text)
language sql stable
as $$
    select delta.delta ->> 'external_id' as external_id
    from delivery.batches
    cross join json_array_elements(batches.rows) as delta (delta)
    where
        batches.target = list_busy_leads.target
        and batches.state = 'ready'
        and (batches.not_before is not null or batches.slices <> list_busy_leads.slices)
    union
    select ids.external_id
    from delivery.external_ids as ids
    where ids.target = list_busy_leads.target and ids.state <> 'present'
$$;
comment on function delivery.list_busy_leads(text, integer) is
'Leads whose score changes have to wait, by their id in the target';

-- Leads in an open call. Where totals are set, no other call may have them: of two, the older total could come last.
create view delivery.called_leads as
select distinct
    batches.target,
    delta.delta ->> 'external_id' as external_id
from delivery.batches as batches
cross join json_array_elements(batches.rows) as delta (delta)
where batches.state = 'ready';

-- Every delta that the MA may not have, and why.
create view delivery.undelivered_deltas as
select
    'ma' as target,
    ledger.seq as ledger_seq,
    'waiting' as why,
    null::bigint as batch_id
from (values (0::smallint), (1::smallint)) as lanes (lane)
left join delivery.cursors as reached
    on reached.target = 'ma' and lanes.lane = reached.lane
-- A look-up by seq from the cursor on, which is always near the end.
cross join
    lateral (
        select rows_behind.seq
        from scoring.ledger as rows_behind
        where rows_behind.lane = lanes.lane and rows_behind.seq > coalesce(reached.ledger_seq, 0)
    ) as ledger
union all
select
    target,
    ledger_seq,
    'held' as why,
    null as batch_id
from delivery.held_deltas
union all
select
    batches.target,
    (delta.delta ->> 'seq')::bigint as ledger_seq,
    'sending' as why,
    batches.batch_id
from delivery.batches as batches
cross join json_array_elements(batches.rows) as delta (delta)
-- A total that goes out once more stands for no change.
where batches.state = 'ready' and (delta.delta ->> 'seq')::bigint > 0
union all
select distinct
    target,
    reference as ledger_seq,
    case state when 'open' then 'dead' else 'dropped' end as why,
    null::bigint as batch_id
from delivery.dead_letters
where kind = 'delta' and state in ('open', 'dropped');

-- Score changes on their way, by what they wait for: a call, its answer, or their lead. At most 10,000 rows of each are
-- counted. Counts and times only: no lead and no points.
create view delivery.waiting_changes as
select
    'call' as waits_for,
    lanes.lane,
    behind.changes,
    behind.oldest_at
from (values (0::smallint), (1::smallint)) as lanes (lane)
left join delivery.cursors as reached
    on reached.target = 'ma' and lanes.lane = reached.lane
cross join
    lateral (
        select
            count(*) as changes,
            min(newest.recorded_at) as oldest_at
        from (
            select ledger.recorded_at
            from scoring.ledger
            where ledger.lane = lanes.lane and ledger.seq > coalesce(reached.ledger_seq, 0)
            order by ledger.seq
            limit 10000
        ) as newest
    ) as behind
union all
select
    'answer' as waits_for,
    open_calls.lane,
    sum(open_calls.deltas)::bigint as changes,
    min(coalesce(first_change.recorded_at, open_calls.created_at)) as oldest_at
from (
    select
        batches.lane,
        batches.deltas,
        batches.from_seq,
        batches.created_at
    from delivery.batches
    where batches.state = 'ready'
    limit 10000 -- noqa: AM09
) as open_calls
-- One look-up for each row: a join would read the ledger where the planner thinks that it is short.
left join lateral (
    select ledger.recorded_at
    from scoring.ledger
    where ledger.seq = open_calls.from_seq
    order by ledger.seq
    limit 1
) as first_change on true
group by open_calls.lane
union all
select
    'lead' as waits_for,
    held.lane,
    count(*) as changes,
    min(change.recorded_at) as oldest_at
from (
    select
        held_deltas.lane,
        held_deltas.ledger_seq
    from delivery.held_deltas
    order by held_deltas.ledger_seq
    limit 10000
) as held
cross join
    lateral (
        select ledger.recorded_at
        from scoring.ledger
        where ledger.seq = held.ledger_seq
        order by ledger.seq
        limit 1
    ) as change
group by held.lane;

-- Effects that have not arrived. One that may wait is not late: its lead is gone, or our credentials do not allow it
-- (both have incidents of their own); or it is a message to a lead that the target does not know, so that the lead is
-- late and counts, or one that keeps its distance from the message before it.
create view delivery.waiting_effects as
select
    effects.outbox_id,
    effects.target,
    effects.lane,
    effects.lead_id,
    effects.created_at,
    exists (
        select 1 from delivery.external_ids as gone
        where gone.target = effects.target and gone.lead_id = effects.lead_id and gone.state = 'gone'
    )
    or exists (
        select 1 from delivery.refused_operations as refused
        where refused.target = effects.target and refused.operation = effects.operation
    )
    or (
        effects.operation = 'enrol_lead'
        and effects.state = 'pending'
        and (
            not exists (
                select 1 from delivery.external_ids as known
                where known.target = effects.target and known.lead_id = effects.lead_id
            )
            or exists (
                select 1 from delivery.outbox as last_one
                where
                    last_one.target = effects.target
                    and last_one.lead_id = effects.lead_id
                    and last_one.operation = 'enrol_lead'
                    and last_one.state = 'done'
                    and last_one.settled_at > effects.created_at - interval '1 day'
            )
        )
    ) as may_wait
from delivery.outbox as effects
where effects.state in ('pending', 'sending');

-- Open dead letters that the incident dead_letters is about. Refused enrolments have incidents of their own, which
-- know the programme.
create view delivery.reported_letters as
select
    letters.target,
    letters.lead_id,
    letters.reason,
    letters.died_at
from delivery.dead_letters as letters
where
    letters.state = 'open'
    and not (
        letters.kind = 'effect'
        and exists (
            select 1 from delivery.outbox as effects
            where effects.outbox_id = letters.reference and effects.operation = 'enrol_lead'
        )
    );

-- How long the changes of the newest calls took from the ledger to the answer: times only.
create view delivery.recent_waits as
select
    newest.target,
    newest.lane,
    newest.settled_at,
    newest.settled_at - coalesce(first_change.recorded_at, newest.created_at) as waited
from (
    select
        batches.target,
        batches.lane,
        batches.from_seq,
        batches.created_at,
        batches.settled_at,
        batches.state
    from delivery.batches
    where batches.state <> 'ready'
    order by batches.settled_at desc
    limit 1000
) as newest
left join lateral (
    select ledger.recorded_at
    from scoring.ledger
    where ledger.seq = newest.from_seq
    order by ledger.seq
    limit 1
) as first_change on true
where newest.state = 'done';

-- Takes a simulated visitor out. The role of tasks may delete no such row: the owner's function does, and no other one.
create function delivery.remove_canary(lead_id bigint) returns void
language sql volatile security definer set search_path = pg_catalog
as $$
    delete from delivery.outbox as mine
    using identity.canary_leads as canaries
    where mine.lead_id = canaries.lead_id and canaries.lead_id = remove_canary.lead_id;

    delete from delivery.dead_letters as mine
    using identity.canary_leads as canaries
    where mine.lead_id = canaries.lead_id and canaries.lead_id = remove_canary.lead_id;
$$;
