-- Delivery: the one way out to other systems.
create schema delivery;

-- One number for ever per database, so that two databases on one MA never share a key.
create table delivery.installation (
    installation_id text primary key
);
insert into delivery.installation (installation_id) values (substr(replace(gen_random_uuid()::text, '-', ''), 1, 8));

-- Filled by the stage that wants the effect, settled by delivery.
create table delivery.outbox (
    outbox_id bigint generated always as identity primary key,
    target text not null,
    operation text not null,
    lead_id bigint,
    payload jsonb not null,
    idempotency_key text not null unique,
    lane smallint not null default 0,
    created_at timestamptz not null,
    state text not null default 'pending' check (state in ('pending', 'sending', 'done', 'dead', 'dropped')),
    attempts integer not null default 0,
    not_before timestamptz,
    body text,
    first_sent_at timestamptz,
    settled_at timestamptz,
    answer jsonb,
    error text
);
comment on column delivery.outbox.state is
'sending: the body was stored and may have been sent; if nobody holds the row lock, the outcome is unknown';
create index outbox_settled on delivery.outbox (settled_at) where state in ('done', 'dropped') and body is not null;
create index outbox_open on delivery.outbox (target, lane, outbox_id) where state in ('pending', 'sending');

-- One bulk call: a range of the ledger (or held deltas), its exact body and key, stored before it is sent.
create table delivery.batches (
    batch_id bigint generated always as identity primary key,
    target text not null,
    lane smallint not null,
    idempotency_key text not null unique,
    from_seq bigint,
    to_seq bigint,
    deltas integer not null,
    body text not null,
    created_at timestamptz not null,
    state text not null default 'ready' check (state in ('ready', 'done', 'dead', 'dropped')),
    attempts integer not null default 0,
    not_before timestamptz,
    settled_at timestamptz,
    error text
);
comment on column delivery.batches.created_at is 'From here on it may have been sent: the key''s memory counts from it';
-- Bodies are read once or twice and removed: compressing them costs more than it saves.
alter table delivery.batches alter column body set storage external;
create index batches_settled on delivery.batches (settled_at) where state <> 'ready';
create index batches_open on delivery.batches (target, lane, batch_id) where state = 'ready';

-- How far the ledger has been cut into batches.
create table delivery.cursors (
    target text not null,
    lane smallint not null,
    ledger_seq bigint not null,
    primary key (target, lane)
);

-- Deltas that the cursor passed but that no batch carries yet: the lead was unknown, or a person said "again".
create table delivery.held_deltas (
    ledger_seq bigint primary key,
    target text not null,
    lead_id bigint not null,
    lane smallint not null
);
create index held_deltas_lead on delivery.held_deltas (lead_id);

create table delivery.external_ids (
    target text not null,
    lead_id bigint not null,
    external_id text not null,
    learned_at timestamptz not null,
    primary key (target, lead_id)
);
create index external_ids_external on delivery.external_ids (target, external_id);

create table delivery.dead_letters (
    dead_letter_id bigint generated always as identity primary key,
    target text not null,
    kind text not null check (kind in ('effect', 'delta')),
    reference bigint not null,
    lead_id bigint,
    points integer,
    reason text not null,
    died_at timestamptz not null,
    state text not null default 'open' check (state in ('open', 'retried', 'dropped')),
    settled_at timestamptz
);
comment on column delivery.dead_letters.reference is 'outbox_id or ledger seq, by kind';
create index dead_letters_open on delivery.dead_letters (target) where state = 'open';

-- One row a target: its rate (a token bucket) and until when it asked us to wait; shared by all processes.
create table delivery.targets (
    target text primary key,
    tokens double precision not null,
    refilled_at timestamptz not null,
    paused_until timestamptz,
    pause_reason text
);

-- Every delta that the MA does not surely have, and why.
create view delivery.undelivered_deltas as
select
    'ma' as target,
    ledger.seq as ledger_seq,
    'waiting' as why,
    null::bigint as batch_id
from (values (0::smallint), (1::smallint)) as lanes (lane)
left join delivery.cursors as reached
    on reached.target = 'ma' and lanes.lane = reached.lane
-- A look-up by seq from the cursor on, which is never far behind the end.
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
    split_part(delta ->> 'deltaId', '-', 2)::bigint as ledger_seq,
    'sending' as why,
    batches.batch_id
from delivery.batches as batches
cross join
    jsonb_path_query(
        batches.body::jsonb, (case when batches.deltas = 1 then '$' else '$.updates[*]' end)::jsonpath
    ) as delta
where batches.state = 'ready'
union all
select distinct
    target,
    reference as ledger_seq,
    case state when 'open' then 'dead' else 'dropped' end as why,
    null::bigint as batch_id
from delivery.dead_letters
where kind = 'delta' and state in ('open', 'dropped');
