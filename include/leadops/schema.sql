-- The whole database, as the migrations make it. `make schema` writes this file; do not edit it.

create schema leadops;

create table leadops.migrations (
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null default now(),
    needs text,
    primary key (name)
);

create table leadops.roles (
    part text not null,
    role_name text not null,
    primary key (part),
    unique (role_name),
    check (char_length(role_name) <= 63),
    check (part in ('tasks', 'gateway', 'reader', 'page', 'people'))
);

create table leadops.rights (
    is_former boolean not null,
    rights jsonb not null,
    primary key (is_former)
);

create schema cdp;

create table cdp.events (
    seq bigint generated always as identity,
    event_id text not null,
    event text not null,
    ts timestamptz not null,
    received_at timestamptz not null,
    anonymous_id text,
    user_id text,
    email text,
    payload jsonb not null,
    is_history boolean not null default false,
    was_refused boolean not null default false,
    proof text not null,
    own_network boolean,
    primary key (seq),
    unique (event_id),
    check (char_length(event_id) <= 200),
    check (proof in ('write_key', 'form', 'verified', 'claim'))
);
create index events_own_network on cdp.events (seq) where own_network;
create index events_received_at on cdp.events (received_at);
create index events_ts on cdp.events using brin (ts) with (autosummarize='on');
create trigger keep_replaced before update of seq on cdp.events for each row execute function cdp.keep_replaced();

create table cdp.replaced_events (
    event_seq bigint not null,
    replaced_by bigint not null,
    replaced_at timestamptz not null,
    event jsonb not null,
    primary key (event_seq)
);
create index replaced_events_by on cdp.replaced_events (replaced_by);

create table cdp.kept_out (
    event_key text not null,
    proof text not null,
    primary key (event_key),
    check (char_length(event_key) <= 80),
    check (proof in ('write_key', 'form', 'verified', 'claim'))
);

create table cdp.quarantine (
    quarantine_id bigint generated always as identity,
    received_at timestamptz not null,
    reason text not null,
    detail text not null,
    body text not null,
    is_history boolean not null default false,
    user_agent text,
    times integer not null default 1,
    state text not null default 'waiting',
    admitted_body text,
    settled_at timestamptz,
    proof text not null,
    site text generated always as (cdp.read_site("substring"(body, '"page": "([A-Za-z]+://[^"/?#]+)'::text), "substring"(body, '"context": \{(?:[^{}]|\{[^{}]*\})*?"site": "([^"]+)"'::text))) stored,
    primary key (quarantine_id),
    check (proof in ('write_key', 'claim')),
    check (state in ('waiting', 'admitted', 'dropped'))
);
create index quarantine_arrivals on cdp.quarantine (reason, received_at) where (state = 'waiting');
create index quarantine_reason on cdp.quarantine (reason, quarantine_id) where (state = 'waiting');
create unique index quarantine_waiting on cdp.quarantine (md5(body)) where (state = 'waiting');

create table cdp.refused_calls (
    counted_at timestamptz not null,
    reason text not null,
    times bigint not null,
    primary key (counted_at, reason)
);

-- view cdp.waiting_reasons (reason text)

create table cdp.site_traffic (
    site text not null,
    starts_at timestamptz not null,
    events bigint not null,
    located_events bigint not null default 0,
    own_events bigint not null default 0,
    primary key (site, starts_at),
    check (char_length(site) <= 253)
);
create index site_traffic_starts_at on cdp.site_traffic (starts_at);

create table cdp.traffic_progress (
    counted_from timestamptz not null,
    counted_until timestamptz not null
);
create unique index traffic_progress_one_row on cdp.traffic_progress ((true));

create table cdp.canaries (
    email text not null,
    reaches_ma boolean not null,
    reaches_crm boolean not null,
    made_at timestamptz not null,
    primary key (email),
    check (char_length(email) <= 254 and email ~ '^[a-z0-9-]+@leadops-canary\.example\.com$')
);

-- function cdp.keep_replaced() returns trigger

-- function cdp.rank_proof(proof text) returns integer

-- function cdp.read_site(page text, site text) returns text

-- function cdp.says_consent(event text, proof text, payload jsonb) returns boolean

create schema identity;

create table identity.inbox (
    event_seq bigint not null,
    lane smallint not null default 0,
    says_consent boolean,
    primary key (event_seq),
    check (says_consent)
);
create index inbox_consent on identity.inbox (event_seq) where says_consent;

create table identity.leads (
    lead_id bigint generated always as identity,
    email text,
    created_at timestamptz not null,
    first_event_seq bigint,
    account_id bigint,
    campaign text,
    source text,
    merged_into bigint,
    is_from_form boolean not null default false,
    only_claimed boolean not null default false,
    erased_at timestamptz,
    recorded_at timestamptz,
    primary key (lead_id),
    unique (email),
    check (char_length(email) <= 254)
);
create index leads_account on identity.leads (account_id) where (account_id is not null);
create index leads_created on identity.leads (created_at);
create index leads_erased on identity.leads (lead_id) where (erased_at is not null);
create index leads_merged_into on identity.leads (merged_into) where (merged_into is not null);
create index leads_only_claimed on identity.leads (lead_id) where only_claimed;
create trigger mark_changed_lead after update of merged_into, campaign, source, created_at on identity.leads for each row when (old.merged_into is distinct from new.merged_into or old.campaign is distinct from new.campaign or old.source is distinct from new.source or old.created_at is distinct from new.created_at) execute function identity.mark_changed_lead();
create trigger mark_internal after insert on identity.leads referencing new table as added for each statement execute function identity.mark_internal();
create trigger mark_named after update of email, only_claimed on identity.leads for each row when (old.email is distinct from new.email or old.only_claimed <> new.only_claimed) execute function identity.mark_named();
create trigger mark_new_leads after insert on identity.leads referencing new table as added for each statement execute function identity.mark_new_leads();
create trigger publish_changed_leads after update on identity.leads referencing new table as changed for each statement execute function identity.publish_leads();
create trigger publish_new_leads after insert on identity.leads referencing new table as changed for each statement execute function identity.publish_leads();

create table identity.internal_entries (
    kind text not null,
    value text not null,
    primary key (kind, value),
    check (char_length(value) <= 254),
    check (kind in ('domain', 'address', 'network', 'wrong_period'))
);

create table identity.uncounted_leads (
    lead_id bigint not null,
    reason text not null,
    entry text not null,
    since timestamptz not null,
    primary key (lead_id),
    check (reason in ('internal', 'canary'))
);
create trigger mark_counted after delete on identity.uncounted_leads referencing old table as changed for each statement execute function identity.mark_uncounted();
create trigger mark_uncounted after insert on identity.uncounted_leads referencing new table as changed for each statement execute function identity.mark_uncounted();
create trigger publish_counted after delete on identity.uncounted_leads referencing old table as changed for each statement execute function identity.publish_persons();
create trigger publish_uncounted after insert on identity.uncounted_leads referencing new table as changed for each statement execute function identity.publish_persons();

-- view identity.canary_leads (lead_id bigint, email text, reaches_ma boolean, reaches_crm boolean)

create table identity.counted_again (
    lead_id bigint not null,
    at timestamptz not null,
    was_announced boolean not null,
    primary key (lead_id)
);

create table identity.accounts (
    account_id bigint generated always as identity,
    domain text not null,
    created_at timestamptz not null,
    primary key (account_id),
    unique (domain),
    check (char_length(domain) <= 253)
);
create index accounts_domain on identity.accounts (domain collate "c");

create table identity.aliases (
    kind text not null,
    value text not null,
    lead_id bigint not null,
    event_seq bigint,
    linked_at timestamptz not null,
    confirmed_seq bigint,
    primary key (kind, value),
    check (char_length(value) <= 254),
    check (kind in ('email', 'crm_id', 'enrichment_id', 'user_id', 'anonymous_id'))
);
create index aliases_email on identity.aliases (value collate "c") where (kind = 'email');
create index aliases_lead on identity.aliases (lead_id);

create table identity.mailboxes (
    email text not null,
    mailbox text not null,
    lead_id bigint not null,
    primary key (email),
    check (char_length(email) <= 254),
    check (char_length(mailbox) <= 254)
);
create index mailboxes_lead on identity.mailboxes (lead_id);
create index mailboxes_mailbox on identity.mailboxes (mailbox);

create table identity.unannounced_leads (
    lead_id bigint not null,
    primary key (lead_id)
);

create table identity.resolved_events (
    event_seq bigint not null,
    lead_id bigint not null,
    is_mail_act boolean,
    says_consent boolean,
    primary key (lead_id, event_seq),
    check (is_mail_act),
    check (says_consent)
);
create index resolved_events_consent on identity.resolved_events (lead_id, event_seq) where says_consent;
create index resolved_events_mail on identity.resolved_events (lead_id, event_seq) where is_mail_act;
create index resolved_events_seq on identity.resolved_events using brin (event_seq);

create table identity.unresolved_events (
    event_seq bigint not null,
    anonymous_id text,
    user_id text,
    enrichment_id text,
    primary key (event_seq),
    check (char_length(anonymous_id) <= 200),
    check (char_length(enrichment_id) <= 200),
    check (char_length(user_id) <= 200)
);
create index unresolved_events_anonymous on identity.unresolved_events (anonymous_id);
create index unresolved_events_enrichment on identity.unresolved_events (enrichment_id) where (enrichment_id is not null);
create index unresolved_events_user on identity.unresolved_events (user_id);

create table identity.traits (
    lead_id bigint not null,
    trait text not null,
    value jsonb not null,
    ts timestamptz not null,
    event_id text not null,
    comparable jsonb,
    is_history boolean not null default false,
    primary key (lead_id, trait)
);
create index traits_company on identity.traits (identity.read_company(value, comparable) collate "c") where (trait = 'company');
create trigger publish_changed_traits after update on identity.traits referencing new table as changed for each statement execute function identity.publish_traits();
create trigger publish_gone_traits after delete on identity.traits referencing old table as changed for each statement execute function identity.publish_traits();
create trigger publish_new_traits after insert on identity.traits referencing new table as changed for each statement execute function identity.publish_traits();

create table identity.sightings (
    kind text not null,
    value text not null,
    lead_id bigint not null,
    event_seq bigint not null,
    primary key (kind, value, lead_id),
    check (char_length(value) <= 254)
);
create index sightings_lead on identity.sightings (lead_id);

create table identity.violations (
    guard text not null,
    kind text not null,
    value text not null,
    event_seq bigint not null,
    times integer not null,
    seen_at timestamptz not null,
    settled_at timestamptz,
    primary key (guard, kind, value),
    check (char_length(value) <= 254),
    check (guard in ('emails', 'identifiers', 'merges'))
);

create table identity.people (
    lead_id bigint not null,
    person_id bigint not null,
    primary key (lead_id)
);
create index people_person on identity.people (person_id);
create trigger publish_changed_people after update on identity.people referencing new table as changed for each statement execute function identity.publish_persons();
create trigger publish_gone_people after delete on identity.people referencing old table as changed for each statement execute function identity.publish_persons();
create trigger publish_new_people after insert on identity.people referencing new table as changed for each statement execute function identity.publish_persons();

create table identity.lead_merges (
    merge_id bigint generated always as identity,
    older_lead_id bigint not null,
    younger_lead_id bigint not null,
    kind text not null,
    value text not null,
    event_seq bigint not null,
    merged_at timestamptz not null,
    undone_at timestamptz,
    undone_by text,
    undone_because text,
    primary key (merge_id),
    check (char_length(value) <= 254)
);
create index lead_merges_identifier on identity.lead_merges (kind, value) where (undone_at is null);
create index lead_merges_older on identity.lead_merges (older_lead_id);
create index lead_merges_younger on identity.lead_merges (younger_lead_id);
create unique index lead_merges_pair on identity.lead_merges (older_lead_id, younger_lead_id) where (undone_at is null);

create table identity.do_not_merge (
    older_lead_id bigint not null,
    younger_lead_id bigint not null,
    decided_at timestamptz not null,
    decided_by text not null,
    reason text not null,
    primary key (older_lead_id, younger_lead_id)
);
create index do_not_merge_younger on identity.do_not_merge (younger_lead_id);

create table identity.kept_ties (
    lead_id bigint not null,
    kind text not null,
    value text not null,
    other_lead_id bigint not null,
    other_kind text not null,
    other_value text not null,
    split_lead_id bigint not null,
    decided_at timestamptz not null,
    decided_by text not null,
    reason text not null,
    primary key (lead_id, other_lead_id, split_lead_id),
    check (char_length(kind) <= 30),
    check (char_length(other_kind) <= 30),
    check (char_length(other_value) <= 254),
    check (char_length(value) <= 254)
);
create index kept_ties_identifier on identity.kept_ties (kind, value);
create index kept_ties_other on identity.kept_ties (other_lead_id);
create index kept_ties_other_identifier on identity.kept_ties (other_kind, other_value);

create table identity.progress (
    is_only boolean not null default true,
    last_seq bigint not null,
    merge_settings text,
    mail_events text[],
    primary key (is_only),
    check (is_only)
);

create table identity.late_events (
    late_id bigint generated always as identity,
    event_seq bigint not null,
    after_seq bigint not null,
    primary key (late_id),
    unique (event_seq)
);

create table identity.claims (
    event_seq bigint not null,
    lead_id bigint,
    reason text not null,
    received_at timestamptz not null,
    primary key (event_seq),
    check (reason in ('only_claimed', 'proven_lead', 'unproven_id'))
);
create index claims_lead on identity.claims (lead_id) where (lead_id is not null);
create index claims_received on identity.claims (received_at);

create table identity.claimed_browsers (
    anonymous_id text not null,
    lead_id bigint not null,
    event_seq bigint not null,
    primary key (anonymous_id),
    check (char_length(anonymous_id) <= 200)
);
create index claimed_browsers_event on identity.claimed_browsers (event_seq);
create index claimed_browsers_lead on identity.claimed_browsers (lead_id);

-- view identity.claimed_events (event_seq bigint, lead_id bigint)

-- view identity.located_events (lead_id bigint, event_seq bigint, own_network boolean)

-- view identity.person_events (event_seq bigint, lead_id bigint)

-- view identity.person_traits (lead_id bigint, trait text, value jsonb)

-- view identity.person_accounts (lead_id bigint, account_id bigint)

-- function identity.counts_for_nothing(asked_lead bigint) returns boolean

-- function identity.find_mailbox_lead(own_lead bigint, own_person bigint, own_email text, asked_mailbox text)
--     returns bigint

-- function identity.find_members(asked bigint[]) returns table(person_id bigint, lead_id bigint)

-- function identity.get_or_create_lead(asked_email text, asked_seq bigint, asked_ts timestamptz,
--     asked_event_id text, asked_now timestamptz, asked_mailbox text default null) returns bigint

-- function identity.is_named(asked_email text, kind text, value text) returns boolean

-- function identity.mark_changed_lead() returns trigger

-- function identity.mark_internal() returns trigger

-- function identity.mark_named() returns trigger

-- function identity.mark_new_leads() returns trigger

-- function identity.mark_uncounted() returns trigger

-- function identity.publish_leads() returns trigger

-- function identity.publish_persons() returns trigger

-- function identity.publish_traits() returns trigger

-- function identity.read_company(value jsonb, comparable jsonb) returns text

-- function identity.read_id(properties jsonb, names text[], placeholders text[]) returns text

-- function identity.read_property(properties jsonb, names text[], ignored text[]) returns text

-- function identity.refresh_uncounted(asked bigint[], asked_now timestamptz) returns setof bigint

-- function identity.remove_canary(lead_id bigint) returns void

create schema scoring;

create table scoring.inbox (
    seq bigint generated always as identity,
    lead_id bigint not null,
    lane smallint not null,
    event_seq bigint,
    primary key (lane, seq)
);

create table scoring.rule_sets (
    rule_set_id integer generated always as identity,
    hash text not null,
    body jsonb not null,
    effective_at timestamptz not null,
    reason text not null,
    primary key (rule_set_id)
);

create table scoring.rule_files (
    source text not null,
    hash text not null,
    seen_at timestamptz not null,
    primary key (source)
);

create table scoring.ledger (
    seq bigint generated always as identity,
    lead_id bigint not null,
    points integer not null,
    dimension text not null,
    kind text not null,
    rule text not null,
    event_seq bigint,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    rule_set_id integer,
    lane smallint,
    reason text not null,
    reverses bigint,
    is_live boolean not null default false,
    rollback_id integer,
    primary key (seq),
    check (not is_live or lane = 0),
    check (dimension in ('fit', 'behaviour', 'model')),
    check (kind in ('rule', 'correction', 'decay', 'model', 'write_off')),
    check (points <> 0)
);
create index ledger_lead on scoring.ledger (lead_id);
create index ledger_model on scoring.ledger (lead_id) include (points) where (kind = 'model');
create index ledger_rollback on scoring.ledger (rollback_id, seq) where (rollback_id is not null);
create unique index ledger_reverses on scoring.ledger (reverses) where (reverses is not null);

create table scoring.rollbacks (
    rollback_id integer not null,
    scope jsonb not null,
    reason text not null,
    asked_by text not null,
    applied_at timestamptz not null,
    rows integer not null,
    leads integer not null,
    points_taken integer not null,
    points_given integer not null,
    primary key (rollback_id)
);

create table scoring.rolled_back_rows (
    ledger_seq bigint not null,
    rollback_id integer not null,
    primary key (ledger_seq)
);
create index rolled_back_rows_rollback on scoring.rolled_back_rows (rollback_id, ledger_seq);

create table scoring.point_bounds (
    event_seq bigint,
    lead_id bigint,
    rule text not null,
    at_most integer,
    at_least integer,
    rollback_id integer not null,
    check ((event_seq is null) <> (lead_id is null)),
    check (at_most is not null or at_least is not null)
);
create unique index point_bounds_event on scoring.point_bounds (event_seq, rule) where (event_seq is not null);
create unique index point_bounds_lead on scoring.point_bounds (lead_id, rule) where (lead_id is not null);

create table scoring.scores (
    lead_id bigint not null,
    fit integer not null default 0,
    behaviour integer not null default 0,
    model integer not null default 0,
    total integer not null generated always as (((fit + behaviour) + model)) stored,
    updated_at timestamptz not null,
    primary key (lead_id)
);
create index scores_fit_behaviour on scoring.scores (fit, behaviour);

create table scoring.decay_progress (
    decayed_until date not null
);
create unique index decay_progress_one on scoring.decay_progress ((true));

create table scoring.decay_schedule (
    lead_id bigint not null,
    due_on date not null,
    primary key (lead_id)
);
create index decay_schedule_due on scoring.decay_schedule (due_on, lead_id);

-- view scoring.recent_waits (lane smallint, recorded_at timestamptz, waited interval)

-- function scoring.has_points() returns boolean

-- function scoring.pass_cap(cap integer, so_far integer, amount integer) returns integer

-- function scoring.place_value(path text[], value jsonb) returns jsonb

-- function scoring.remove_canary(lead_id bigint) returns void

create schema delivery;

create table delivery.installation (
    installation_id text not null,
    primary key (installation_id)
);

create table delivery.marks (
    holder text not null,
    mark bigint not null,
    since timestamptz not null,
    marked_at timestamptz not null,
    primary key (holder)
);

create table delivery.holds (
    hold_id bigint generated always as identity,
    reason text not null,
    held_at timestamptz not null,
    facts jsonb not null default '{}'::jsonb,
    opened_at timestamptz,
    epoch text,
    lost_since timestamptz,
    primary key (hold_id),
    check (reason in ('mark', 'by hand'))
);
create unique index holds_open on delivery.holds ((true)) where (opened_at is null);

create table delivery.accounts (
    target text not null,
    product text not null,
    account text,
    place text not null,
    since timestamptz not null,
    connection text not null,
    checked_at timestamptz not null,
    has_feed boolean not null default false,
    other_product text,
    other_account text,
    other_place text,
    other_connection text,
    other_asked_at timestamptz,
    other_at timestamptz,
    primary key (target),
    check (char_length(account) <= 200),
    check (char_length(other_account) <= 200)
);

create table delivery.refused_operations (
    target text not null,
    operation text not null,
    since timestamptz not null,
    refused_at timestamptz not null,
    until timestamptz not null,
    reason text not null,
    primary key (target, operation)
);

create table delivery.outbox (
    outbox_id bigint generated always as identity,
    target text not null,
    operation text not null,
    lead_id bigint,
    payload jsonb not null,
    idempotency_key text not null,
    nonce text not null default delivery.make_nonce(),
    lane smallint not null default 0,
    created_at timestamptz not null,
    state text not null default 'pending',
    attempts integer not null default 0,
    not_before timestamptz,
    request jsonb,
    body text,
    first_sent_at timestamptz,
    may_have_arrived boolean not null default false,
    gone_answers smallint not null default 0,
    settled_at timestamptz,
    answer jsonb,
    error text,
    primary key (outbox_id),
    unique (idempotency_key),
    check (state in ('pending', 'sending', 'done', 'dead', 'dropped'))
);
create index outbox_created on delivery.outbox (lead_id) where ((target = 'crm') and (operation = 'create_lead'));
create index outbox_ended on delivery.outbox (settled_at) where (state in ('done', 'dead', 'dropped'));
create index outbox_given_up on delivery.outbox (lead_id) where ((operation = 'upsert_lead') and (state in ('dead', 'dropped')));
create index outbox_lead on delivery.outbox (lead_id, outbox_id);
create index outbox_lead_open on delivery.outbox (lead_id, outbox_id) where (state in ('pending', 'sending'));
create index outbox_open on delivery.outbox (target, lane, outbox_id) where (state in ('pending', 'sending'));
create index outbox_owner on delivery.outbox (lead_id, outbox_id) where ((target = 'crm') and (operation = 'set_owner'));
create index outbox_settled on delivery.outbox (settled_at) where ((state in ('done', 'dropped')) and (body is not null));
create index outbox_withdrawn on delivery.outbox (lead_id, outbox_id) where ((target = 'crm') and (operation in ('withdraw_lead', 'restore_lead')));

create table delivery.batches (
    batch_id bigint generated always as identity,
    target text not null,
    lane smallint not null,
    slice smallint not null default 0,
    slices smallint not null default 1,
    idempotency_key text not null,
    from_seq bigint,
    deltas integer not null,
    ledger_seqs bigint[] not null default '{}'::bigint[],
    nonce text not null default delivery.make_nonce(),
    rows json not null,
    request jsonb,
    body text,
    created_at timestamptz not null,
    first_sent_at timestamptz,
    state text not null default 'ready',
    attempts integer not null default 0,
    not_before timestamptz,
    may_have_arrived boolean not null default false,
    is_answered boolean not null default false,
    is_read_back boolean not null default false,
    settled_at timestamptz,
    error text,
    primary key (batch_id),
    unique (idempotency_key),
    check (state in ('ready', 'done', 'dead', 'dropped'))
);
create index batches_open on delivery.batches (target, lane, batch_id) where (state = 'ready');
create index batches_settled on delivery.batches (settled_at) where (state <> 'ready');

create table delivery.cursors (
    target text not null,
    lane smallint not null,
    ledger_seq bigint not null,
    primary key (target, lane)
);

create table delivery.held_deltas (
    ledger_seq bigint not null,
    target text not null,
    lead_id bigint not null,
    lane smallint not null,
    primary key (ledger_seq)
);
create index held_deltas_lead on delivery.held_deltas (lead_id);

create table delivery.external_ids (
    target text not null,
    lead_id bigint not null,
    external_id text not null,
    learned_at timestamptz not null,
    state text not null default 'present',
    changed_at timestamptz,
    reason text,
    not_before timestamptz,
    mql_at timestamptz,
    merged_into text,
    primary key (target, lead_id),
    check (char_length(external_id) <= 200),
    check (char_length(merged_into) <= 200),
    check (state in ('present', 'unaligned', 'gone', 'recreating'))
);
create index external_ids_external on delivery.external_ids (target, external_id);
create index external_ids_state on delivery.external_ids (target, state) where (state <> 'present');
create trigger note_new_records after insert on delivery.external_ids referencing new table as changed for each statement execute function delivery.note_records();
create trigger note_other_record after update on delivery.external_ids for each row when (old.external_id <> new.external_id or old.merged_into is distinct from new.merged_into or (old.state in ('gone', 'recreating')) and (new.state <> all (array['gone', 'recreating']))) execute function delivery.note_record();

create table delivery.totals (
    target text not null,
    lead_id bigint not null,
    external_id text not null,
    seq bigint not null default 0,
    due_at timestamptz,
    refused text,
    primary key (target, lead_id),
    check (char_length(external_id) <= 200)
);
create index totals_due on delivery.totals (target, due_at) where (due_at is not null);

create table delivery.found_leads (
    target text not null,
    external_id text not null,
    address_hash text not null,
    found_at timestamptz not null,
    taken_at timestamptz,
    primary key (target, external_id),
    check (char_length(external_id) <= 200)
);
create index found_leads_free on delivery.found_leads (target, address_hash) where (taken_at is null);

create table delivery.dead_letters (
    dead_letter_id bigint generated always as identity,
    target text not null,
    kind text not null,
    reference bigint not null,
    lead_id bigint,
    points integer,
    reason text not null,
    died_at timestamptz not null,
    state text not null default 'open',
    settled_at timestamptz,
    primary key (dead_letter_id),
    check (kind in ('effect', 'delta')),
    check (state in ('open', 'retried', 'dropped', 'applied'))
);
create index dead_letters_open on delivery.dead_letters (target) where (state = 'open');
create index dead_letters_retried on delivery.dead_letters (reference, kind) where (state = 'retried');

create table delivery.targets (
    target text not null,
    tokens double precision not null,
    refilled_at timestamptz not null,
    paused_until timestamptz,
    pause_reason text,
    duplicates integer not null default 0,
    duplicates_at timestamptz,
    duplicate_leads bigint[] not null default '{}'::bigint[],
    primary key (target)
);

create table delivery.call_counts (
    target text not null,
    starts_at timestamptz not null,
    calls integer not null,
    primary key (target, starts_at)
);

create table delivery.call_outcomes (
    target text not null,
    outcome text not null,
    calls bigint not null,
    primary key (target, outcome),
    check (outcome in ('answered', 'refused', 'throttled', 'postponed', 'unreachable', 'unknown'))
);

create table delivery.quotas (
    target text not null,
    used integer,
    day_limit integer,
    read_at timestamptz,
    calls_since integer not null default 0,
    used_up_until timestamptz,
    closed_until timestamptz,
    reserved integer not null default 0,
    reserved_at timestamptz,
    asked_at timestamptz,
    primary key (target)
);

create table delivery.audits (
    audit_id bigint generated always as identity,
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
    lead_ids bigint[] not null default '{}'::bigint[],
    primary key (audit_id)
);

create table delivery.score_corrections (
    correction_id bigint generated always as identity,
    audit_id bigint,
    lead_id bigint not null,
    external_id text not null,
    outbox_id bigint,
    ledger bigint not null,
    ma bigint not null,
    corrected_at timestamptz not null,
    primary key (correction_id)
);
create index score_corrections_audit on delivery.score_corrections (audit_id);
create index score_corrections_lead on delivery.score_corrections (lead_id, correction_id);

-- view delivery.called_leads (target text, external_id text)

-- view delivery.undelivered_deltas (target text, ledger_seq bigint, why text, batch_id bigint)

-- view delivery.waiting_changes (waits_for text, lane smallint, changes bigint, oldest_at timestamptz)

-- view delivery.waiting_effects (outbox_id bigint, target text, lane smallint, lead_id bigint, created_at
--     timestamptz, may_wait boolean)

-- view delivery.reported_letters (target text, lead_id bigint, reason text, died_at timestamptz)

-- view delivery.recent_waits (target text, lane smallint, settled_at timestamptz, waited interval)

-- function delivery.find_slice(external_id text, slices integer) returns smallint

-- function delivery.form_row(ledger_seq bigint, lead_id bigint, external_id text, points integer, reason
--     text) returns text

-- function delivery.hold_deltas(target text, seqs bigint[]) returns void

-- function delivery.list_busy_leads(target text, slices integer) returns table(external_id text)

-- function delivery.make_nonce() returns text

-- function delivery.note_record() returns trigger

-- function delivery.note_records() returns trigger

-- function delivery.remove_canary(lead_id bigint) returns void

create schema intake;

create table intake.raw_leads (
    submission_id text not null,
    sender_id text,
    received_at timestamptz not null,
    secret smallint not null,
    body bytea not null,
    changes jsonb not null default '[]'::jsonb,
    tool text,
    primary key (submission_id),
    check (char_length(submission_id) <= 200)
);
create index raw_leads_received_at on intake.raw_leads using brin (received_at) with (autosummarize='on');

create table intake.quarantined_forms (
    quarantine_id bigint generated always as identity,
    submission_id text not null,
    received_at timestamptz not null,
    signed_at timestamptz not null,
    secret smallint not null,
    reason text not null,
    detail text not null,
    body bytea not null,
    times integer not null default 1,
    state text not null default 'waiting',
    admitted_body text,
    settled_at timestamptz,
    tool text,
    primary key (quarantine_id),
    check (char_length(submission_id) <= 200),
    check (state in ('waiting', 'admitted', 'dropped'))
);
create index quarantined_forms_to_repair on intake.quarantined_forms (received_at) where ((state = 'waiting') and (not starts_with(reason, 'spam_')));
create index quarantined_forms_waiting on intake.quarantined_forms (received_at) where (state = 'waiting');
create unique index quarantined_forms_body on intake.quarantined_forms (submission_id, sha256(body));

create table intake.form_traces (
    trace_id bigint generated always as identity,
    submission_id text not null,
    seen_at timestamptz not null,
    person text not null,
    text_hash text,
    visitor text,
    primary key (trace_id),
    unique (submission_id),
    check (char_length(submission_id) <= 200)
);
create index form_traces_seen_at on intake.form_traces using brin (seen_at) with (autosummarize='on');
create index form_traces_text on intake.form_traces (text_hash, seen_at) where (text_hash is not null);
create index form_traces_visitor on intake.form_traces (visitor, seen_at) where (visitor is not null);

create table intake.form_refusals (
    counted_at timestamptz not null,
    reason text not null,
    times bigint not null,
    primary key (counted_at, reason)
);

create table intake.hash_keys (
    hash_key bytea not null
);

-- function intake.remove_canary(submission_ids text[]) returns void

create schema crm;

create table crm.activities (
    activity_id text not null,
    crm_lead_id text not null,
    kind text not null,
    status text,
    rep_id text,
    occurred_at timestamptz not null,
    details jsonb not null default '{}'::jsonb,
    recorded_at timestamptz not null,
    kind_key text not null,
    status_key text,
    primary key (activity_id),
    check ((status is null) = (status_key is null)),
    check (char_length(activity_id) <= 200),
    check (char_length(crm_lead_id) <= 200),
    check (char_length(kind_key) <= 100),
    check (char_length(rep_id) <= 200),
    check (char_length(status_key) <= 100)
);
create index activities_consent on crm.activities (crm_lead_id) where (kind_key in ('optout', 'optin'));
create index activities_lead on crm.activities (crm_lead_id, occurred_at);
create index activities_occurred on crm.activities (occurred_at);
create trigger note_changed_consent after update on crm.activities for each row when ((new.kind_key in ('optout', 'optin')) or (old.kind_key in ('optout', 'optin'))) execute function crm.note_consent();
create trigger note_consent after insert on crm.activities for each row when (new.kind_key in ('optout', 'optin')) execute function crm.note_consent();

create table crm.reps (
    rep_id text not null,
    profile jsonb not null,
    updated_at timestamptz not null,
    primary key (rep_id),
    check (char_length(rep_id) <= 200)
);

create table crm.feeds (
    feed text not null,
    cursor text,
    as_of timestamptz,
    polled_at timestamptz not null,
    held_back interval not null default '00:00:00'::interval,
    resume_at text,
    unsure_since timestamptz,
    first_polled_at timestamptz,
    primary key (feed)
);

create table crm.merged_leads (
    gone_id text not null,
    into_id text not null,
    merged_at timestamptz not null,
    primary key (gone_id),
    check (char_length(gone_id) <= 200),
    check (char_length(into_id) <= 200)
);
create index merged_leads_into on crm.merged_leads (into_id);

create table crm.refused (
    feed text not null,
    digest text not null,
    body jsonb not null,
    reason text not null,
    refused_at timestamptz not null,
    primary key (feed, digest)
);
create index refused_recent on crm.refused (refused_at);

-- function crm.is_withdrawn(asked_lead bigint) returns boolean

-- function crm.keep_lead(asked_lead bigint, asked_cycle integer, asked_email text, asked_company text,
--     asked_source text, asked_person text, asked_at timestamptz) returns bigint

-- function crm.note_consent() returns trigger

-- function crm.remove_canary(lead_id bigint) returns void

-- function crm.request_canary(asked_lead bigint, asked_email text, asked_key text, asked_at timestamptz)
--     returns bigint

-- function crm.request_lead(asked_lead bigint, asked_cycle integer, asked_email text, asked_company text,
--     asked_source text, asked_key text, asked_lane smallint, asked_at timestamptz) returns bigint

-- function crm.restore_lead(asked_lead bigint, asked_lane smallint, asked_at timestamptz) returns bigint

create schema lifecycle;

create table lifecycle.inbox (
    inbox_id bigint generated always as identity,
    activity_id text not null,
    not_before timestamptz,
    primary key (inbox_id)
);

create table lifecycle.merge_changes (
    merge_change_id bigint generated always as identity,
    lead_id bigint not null,
    primary key (merge_change_id)
);

create table lifecycle.cursors (
    feed text not null,
    ledger_seq bigint not null,
    thresholds text,
    primary key (feed)
);

create table lifecycle.unlinked (
    lead_id bigint not null,
    cycle integer not null,
    primary key (lead_id, cycle)
);

create table lifecycle.links (
    crm_lead_id text not null,
    lead_id bigint not null,
    linked_at timestamptz not null,
    primary key (crm_lead_id),
    check (char_length(crm_lead_id) <= 200)
);
create index links_lead on lifecycle.links (lead_id);
create trigger note_links after insert on lifecycle.links referencing new table as added for each statement execute function lifecycle.note_links();

create table lifecycle.transitions (
    transition_id bigint generated always as identity,
    lead_id bigint not null,
    cycle integer not null,
    stage text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    evidence jsonb not null,
    campaign text,
    kpi_version text not null,
    source text,
    value numeric(18,2),
    primary key (transition_id),
    unique (lead_id, cycle, stage),
    check (char_length(campaign) <= 100),
    check (char_length(source) <= 100),
    check (stage in ('mql', 'sal', 'sql', 'won', 'lost'))
);
create index transitions_occurred on lifecycle.transitions (occurred_at);
create index transitions_recorded on lifecycle.transitions (recorded_at);
create index transitions_stage on lifecycle.transitions (stage, occurred_at);
create trigger mark_changed_transition after update on lifecycle.transitions for each row when (old.* is distinct from new.*) execute function lifecycle.mark_changed_transition();
create trigger mark_deleted_transition after delete on lifecycle.transitions for each row execute function lifecycle.mark_changed_transition();
create trigger mark_new_transitions after insert on lifecycle.transitions referencing new table as added for each statement execute function lifecycle.mark_new_transitions();
create trigger publish_changed_transitions after update on lifecycle.transitions referencing new table as changed for each statement execute function lifecycle.publish_transitions();
create trigger publish_gone_transitions after delete on lifecycle.transitions referencing old table as changed for each statement execute function lifecycle.publish_transitions();
create trigger publish_new_transitions after insert on lifecycle.transitions referencing new table as changed for each statement execute function lifecycle.publish_transitions();

create table lifecycle.imported (
    lead_id bigint not null,
    stage text not null,
    occurred_at timestamptz not null,
    reference text not null,
    campaign text,
    source text,
    value numeric(18,2),
    evidence jsonb not null,
    recorded_at timestamptz not null,
    currency text,
    primary key (lead_id, stage, occurred_at, reference),
    check (char_length(campaign) <= 100),
    check (char_length(reference) <= 200),
    check (char_length(source) <= 100),
    check (currency ~ '^[A-Z]{3}$'),
    check (stage in ('mql', 'sal', 'sql', 'won', 'lost'))
);

create table lifecycle.currency_rates (
    month date not null,
    base text not null,
    currency text not null,
    rate numeric(24,12) not null,
    file text not null,
    recorded_at timestamptz not null,
    primary key (month, base, currency),
    check (extract(day from month) = 1::numeric),
    check (base <> currency),
    check (base ~ '^[A-Z]{3}$'),
    check (currency ~ '^[A-Z]{3}$'),
    check (rate > 0::numeric)
);

create table lifecycle.facts (
    lead_id bigint not null,
    cycle integer not null,
    fact text not null,
    occurred_at timestamptz not null,
    activity_id text not null,
    rep_id text,
    primary key (lead_id, cycle, fact)
);
create trigger publish_changed_facts after update on lifecycle.facts referencing new table as changed for each statement execute function lifecycle.publish_facts();
create trigger publish_gone_facts after delete on lifecycle.facts referencing old table as changed for each statement execute function lifecycle.publish_facts();
create trigger publish_new_facts after insert on lifecycle.facts referencing new table as changed for each statement execute function lifecycle.publish_facts();

create table lifecycle.person_cycles (
    lead_id bigint not null,
    cycle integer not null,
    person_cycle integer not null,
    primary key (lead_id, cycle)
);
create trigger publish_changed_cycles after update on lifecycle.person_cycles referencing new table as changed for each statement execute function lifecycle.publish_transitions();
create trigger publish_gone_cycles after delete on lifecycle.person_cycles referencing old table as changed for each statement execute function lifecycle.publish_transitions();
create trigger publish_new_cycles after insert on lifecycle.person_cycles referencing new table as changed for each statement execute function lifecycle.publish_transitions();

-- view lifecycle.merged_transitions (person_id bigint, person_cycle integer, transition_id bigint, lead_id
--     bigint, cycle integer, stage text, occurred_at timestamptz, recorded_at timestamptz, evidence jsonb,
--     campaign text, kpi_version text, source text, value numeric(18,2))

-- view lifecycle.person_transitions (lead_id bigint, cycle integer, stage text, occurred_at timestamptz,
--     recorded_at timestamptz, evidence jsonb, campaign text, source text, value numeric(18,2), kpi_version
--     text, own_lead_id bigint, own_cycle integer)

-- view lifecycle.current_transitions (lead_id bigint, cycle integer, stage text, occurred_at timestamptz,
--     recorded_at timestamptz, evidence jsonb, campaign text, source text, value numeric(18,2), kpi_version
--     text, own_lead_id bigint, own_cycle integer)

-- view lifecycle.judged_transitions (lead_id bigint, cycle integer, stage text, occurred_at timestamptz,
--     recorded_at timestamptz, evidence jsonb, campaign text, source text, value numeric(18,2), kpi_version
--     text, own_lead_id bigint, own_cycle integer, is_counted boolean)

-- view lifecycle.counted_transitions (lead_id bigint, cycle integer, stage text, occurred_at timestamptz,
--     recorded_at timestamptz, evidence jsonb, campaign text, source text, value numeric(18,2), kpi_version
--     text, own_lead_id bigint, own_cycle integer, is_counted boolean)

-- view lifecycle.leads_in_crm (lead_id bigint)

-- view lifecycle.crm_leads (lead_id bigint, holder_id bigint, external_id text)

create table lifecycle.frozen_quarters (
    quarter text not null,
    revision integer not null,
    first_day date not null,
    last_day date not null,
    timezone text not null,
    versions text[] not null,
    contract jsonb not null,
    digest text not null,
    reason text,
    frozen_at timestamptz not null,
    primary key (quarter, revision),
    check (quarter ~ '^([0-9]{4}|FY[0-9]{4}/[0-9]{2})-Q[1-4]$'),
    check (revision > 0)
);

create table lifecycle.frozen_changes (
    quarter text not null,
    facts jsonb not null,
    found_at timestamptz not null,
    primary key (quarter)
);

create table lifecycle.contract_changes (
    change_id bigint generated always as identity,
    changed_at timestamptz not null,
    digest text not null,
    spans jsonb not null,
    changes text[] not null,
    evaluated integer not null default 0,
    moved integer not null default 0,
    primary key (change_id)
);

create table lifecycle.reevaluations (
    lead_id bigint not null,
    decided_by text not null,
    primary key (lead_id)
);

create table lifecycle.unnamed_words (
    field text not null,
    word_key text not null,
    word text not null,
    first_seen_at timestamptz not null,
    last_occurred_at timestamptz not null,
    primary key (field, word_key),
    check (char_length(word) <= 200),
    check (char_length(word_key) <= 200),
    check (field in ('status', 'kind', 'salesperson'))
);

create table lifecycle.thresholds (
    threshold_id bigint generated always as identity,
    day date not null,
    kpi_version text not null,
    value integer,
    sla_minutes double precision,
    effective_at timestamptz,
    proposed_at timestamptz not null,
    decided_by text not null,
    reason text not null,
    plan text not null,
    proposed_value integer,
    proposed_sla_minutes double precision,
    answer text,
    waits_since timestamptz,
    facts jsonb not null,
    basis jsonb,
    hash text not null,
    primary key (threshold_id),
    unique (day),
    check ((decided_by = 'kept') = (effective_at is null)),
    check (answer in ('approved', 'rejected', 'unanswered')),
    check (decided_by in ('kept', 'automatic', 'approved', 'reverted')),
    check (plan in ('keep', 'apply', 'ask'))
);
create index thresholds_effective on lifecycle.thresholds (effective_at) where (effective_at is not null);
create trigger publish_changed_thresholds after update on lifecycle.thresholds referencing old table as former new table as changed for each statement execute function lifecycle.publish_thresholds();
create trigger publish_new_thresholds after insert on lifecycle.thresholds referencing new table as changed for each statement execute function lifecycle.publish_thresholds();

-- function lifecycle.find_latest_cycle(asked_lead bigint) returns table(cycle integer, ended_at timestamptz)

-- function lifecycle.is_apart(evidence jsonb) returns boolean

-- function lifecycle.mark_changed_transition() returns trigger

-- function lifecycle.mark_new_transitions() returns trigger

-- function lifecycle.misses_thresholds(asked_lead bigint, asked_until timestamptz, thresholds jsonb) returns
--     boolean

-- function lifecycle.note_links() returns trigger

-- function lifecycle.publish_facts() returns trigger

-- function lifecycle.publish_thresholds() returns trigger

-- function lifecycle.publish_transitions() returns trigger

-- function lifecycle.remove_canary(lead_id bigint) returns void

create schema routing;

create table routing.inbox (
    inbox_id bigint generated always as identity,
    lead_id bigint not null,
    cycle integer not null,
    why text not null,
    primary key (inbox_id),
    check (why in ('mql', 'breach', 'merge'))
);

create table routing.leads (
    lead_id bigint not null,
    cycle integer not null,
    state text not null,
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
    primary key (lead_id, cycle),
    check (state in ('owned', 'queued', 'closed'))
);
create index leads_mql on routing.leads (mql_lead_id);
create index leads_queued on routing.leads (queue) where (state = 'queued');
create index leads_recheck_at on routing.leads (recheck_at) where (recheck_at is not null);
create trigger mark_moved_place after update of rep_id, lead_id, cycle on routing.leads for each row when (old.rep_id is distinct from new.rep_id or old.lead_id is distinct from new.lead_id or old.cycle is distinct from new.cycle) execute function routing.mark_moved_place();
create trigger mark_new_places after insert on routing.leads referencing new table as added for each statement execute function routing.mark_new_places();

create table routing.set_aside (
    lead_id bigint not null,
    cycle integer not null,
    state text not null,
    rep_id text,
    queue text,
    account text not null,
    is_backfill boolean not null,
    qualified_at timestamptz not null,
    since timestamptz not null,
    moves integer not null,
    overdue boolean not null,
    recheck_at timestamptz,
    alarm_at timestamptz,
    mql_lead_id bigint not null,
    mql_cycle integer not null,
    primary key (lead_id, cycle)
);

create table routing.accounts (
    account text not null,
    rep_id text not null,
    since timestamptz not null,
    primary key (account),
    check (char_length(account) <= 100)
);

create table routing.assignments (
    assignment_id bigint generated always as identity,
    lead_id bigint not null,
    cycle integer not null,
    number integer not null,
    rep_id text,
    queue text,
    why text not null,
    cause text not null,
    rule text,
    is_backfill boolean not null,
    assigned_at timestamptz not null,
    waited_minutes double precision not null,
    facts jsonb not null,
    passed_over jsonb not null,
    rules text not null,
    primary key (assignment_id),
    unique (lead_id, cycle, number),
    check (cause in ('mql', 'queue', 'breach')),
    check (char_length(rep_id) <= 200),
    check (why in ('account', 'share', 'queue', 'taken'))
);
create index assignments_rep on routing.assignments (rep_id, assigned_at);
create index assignments_time on routing.assignments (assigned_at);
create trigger publish_new_assignments after insert on routing.assignments referencing new table as changed for each statement execute function routing.publish_assignments();

create table routing.notices (
    assignment_id bigint not null,
    nonce text not null default delivery.make_nonce(),
    state text not null default 'open',
    created_at timestamptz not null,
    attempts integer not null default 0,
    tried_at timestamptz,
    unknown_since timestamptz,
    settled_at timestamptz,
    channel text,
    message_ts text,
    reason text,
    withdrawn_because text,
    posted_with bigint,
    primary key (assignment_id),
    check (state in ('open', 'sent', 'erasing', 'dropped')),
    check (withdrawn_because in ('internal', 'split', 'machine'))
);
create index notices_open on routing.notices (assignment_id) where (state = 'open');
create index notices_outdated on routing.notices (assignment_id) where ((state = 'erasing') or ((state = 'sent') and (withdrawn_because is not null)));
create index notices_posted_with on routing.notices (posted_with) where (posted_with is not null);

create table routing.unprofiled_reps (
    rep_id text not null,
    since timestamptz not null,
    primary key (rep_id),
    check (char_length(rep_id) <= 200)
);

-- function routing.mark_moved_place() returns trigger

-- function routing.mark_new_places() returns trigger

-- function routing.publish_assignments() returns trigger

create schema sla;

create table sla.inbox (
    inbox_id bigint generated always as identity,
    lead_id bigint not null,
    cycle integer not null,
    has_new_person boolean not null default false,
    primary key (inbox_id)
);

create table sla.clocks (
    clock_id bigint generated always as identity,
    lead_id bigint not null,
    cycle integer not null,
    clock text not null,
    state text not null default 'running',
    started_at timestamptz not null,
    warn_at timestamptz not null,
    due_at timestamptz not null,
    target_minutes double precision not null,
    stopped_at timestamptz,
    stopped_by text,
    business_minutes double precision,
    policy text not null,
    evidence jsonb not null,
    primary key (clock_id),
    unique (lead_id, cycle, clock),
    check (clock in ('first_contact', 'sal')),
    check (state in ('running', 'at_risk', 'held', 'breached', 'met', 'met_late'))
);
create index clocks_open on sla.clocks (state, warn_at) where (state in ('running', 'at_risk', 'held', 'breached'));
create index clocks_stopped on sla.clocks (clock, stopped_at);

create table sla.breaches (
    breach_id bigint generated always as identity,
    lead_id bigint not null,
    cycle integer not null,
    clock text not null,
    state text not null,
    started_at timestamptz not null,
    due_at timestamptz not null,
    stopped_at timestamptz,
    business_minutes double precision not null,
    target_minutes double precision not null,
    changed_at timestamptz not null,
    evidence jsonb not null,
    primary key (breach_id),
    unique (lead_id, cycle, clock),
    check (state in ('at_risk', 'held', 'breached', 'met', 'met_late'))
);
create index breaches_open on sla.breaches (state) where (state in ('at_risk', 'held', 'breached'));

-- function sla.find_stops(asked_leads bigint[], asked_cycles integer[]) returns table(clock_id bigint,
--     done_at timestamptz, ended_at timestamptz)

create schema analytics;

create table analytics.inbox (
    inbox_id bigint generated always as identity,
    moment timestamptz not null,
    noted_at timestamptz not null default now(),
    primary key (inbox_id)
);

create table analytics.built_days (
    dt date not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    settings text not null,
    built_at timestamptz not null,
    is_checked boolean not null default false,
    primary key (dt)
);
create index built_days_early on analytics.built_days (ends_at) where (built_at < ends_at);
create index built_days_settings on analytics.built_days (settings, dt);
create index built_days_unchecked on analytics.built_days (dt) where (not is_checked);

create table analytics.dirty_days (
    dt date not null,
    scope text not null,
    since timestamptz not null,
    primary key (dt),
    check (scope in ('counts', 'figures'))
);

create table analytics.builds (
    dt date not null,
    known_from timestamptz not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    settings text not null,
    primary key (dt, known_from)
);

create table analytics.stale_spells (
    dt date not null,
    known_from timestamptz not null,
    known_until timestamptz not null default 'infinity'::timestamptz,
    check (known_from <= known_until)
);
create index stale_spells_dt on analytics.stale_spells (dt, known_until);

create table analytics.campaign_names (
    name text not null,
    campaign text not null,
    primary key (name),
    check (char_length(campaign) <= 100),
    check (char_length(name) <= 100)
);

create table analytics.funnel_cells (
    dt date not null,
    cohort_dt date,
    campaign text,
    source text,
    rep_id text,
    kpi_version text not null,
    leads bigint not null,
    mqls bigint not null,
    sals bigint not null,
    sqls bigint not null,
    wons bigint not null,
    losts bigint not null,
    value numeric(18,2) not null,
    wons_without_value bigint not null,
    wons_without_rate bigint not null,
    mqls_apart bigint not null,
    left_out bigint not null,
    known_from timestamptz not null default now(),
    unique nulls not distinct (dt, cohort_dt, campaign, source, rep_id, kpi_version),
    check (char_length(campaign) <= 100),
    check (char_length(rep_id) <= 200),
    check (char_length(source) <= 100)
);
create index funnel_cells_campaign_rep on analytics.funnel_cells (coalesce(campaign, ''), coalesce(rep_id, ''), dt);
create index funnel_cells_campaign_source on analytics.funnel_cells (coalesce(campaign, ''), coalesce(source, ''), dt);
create index funnel_cells_cohort on analytics.funnel_cells (cohort_dt);
create index funnel_cells_source_rep on analytics.funnel_cells (coalesce(source, ''), coalesce(rep_id, ''), dt);

create table analytics.past_funnel_cells (
    dt date not null,
    cohort_dt date,
    campaign text,
    source text,
    rep_id text,
    kpi_version text not null,
    leads bigint not null,
    mqls bigint not null,
    sals bigint not null,
    sqls bigint not null,
    wons bigint not null,
    losts bigint not null,
    value numeric(18,2) not null,
    wons_without_value bigint not null,
    wons_without_rate bigint not null,
    mqls_apart bigint not null,
    left_out bigint not null,
    known_from timestamptz not null,
    known_until timestamptz not null,
    check (char_length(campaign) <= 100),
    check (char_length(rep_id) <= 200),
    check (char_length(source) <= 100),
    check (known_from <= known_until)
);
create index past_funnel_cells_cohort on analytics.past_funnel_cells (cohort_dt, known_until);
create index past_funnel_cells_dt on analytics.past_funnel_cells (dt, known_until);

-- view analytics.daily_funnel (dt date, campaign text, source text, rep_id text, kpi_version text, leads
--     bigint, mqls bigint, sals bigint, sqls bigint, wons bigint, losts bigint, value numeric,
--     wons_without_value bigint, wons_without_rate bigint, mqls_apart bigint, left_out bigint)

-- view analytics.cohort_funnel (cohort_dt date, campaign text, source text, rep_id text, mqls bigint, sals
--     bigint, sqls bigint, wons bigint, losts bigint, value numeric, wons_without_value bigint,
--     wons_without_rate bigint, mqls_apart bigint, left_out bigint)

create table analytics.funnel_sums (
    dimension text not null,
    dt date not null,
    key text,
    leads bigint not null,
    mqls bigint not null,
    sals bigint not null,
    sqls bigint not null,
    wons bigint not null,
    losts bigint not null,
    value numeric(18,2) not null,
    wons_without_value bigint not null,
    wons_without_rate bigint not null,
    mqls_apart bigint not null,
    left_out bigint not null,
    known_from timestamptz not null default now(),
    unique nulls not distinct (dimension, dt, key),
    check (char_length(key) <= 200),
    check (dimension in ('all', 'campaign', 'source', 'rep'))
);

create table analytics.past_funnel_sums (
    dimension text not null,
    dt date not null,
    key text,
    leads bigint not null,
    mqls bigint not null,
    sals bigint not null,
    sqls bigint not null,
    wons bigint not null,
    losts bigint not null,
    value numeric(18,2) not null,
    wons_without_value bigint not null,
    wons_without_rate bigint not null,
    mqls_apart bigint not null,
    left_out bigint not null,
    known_from timestamptz not null,
    known_until timestamptz not null,
    check (char_length(key) <= 200),
    check (dimension in ('all', 'campaign', 'source', 'rep')),
    check (known_from <= known_until)
);
create index past_funnel_sums_dt on analytics.past_funnel_sums (dimension, dt, known_until);

create table analytics.funnel_entries (
    dt date not null,
    stage text not null,
    lead_id bigint not null,
    cycle integer not null,
    occurred_at timestamptz not null,
    cohort_dt date,
    campaign text,
    source text,
    rep_id text,
    value numeric(18,2),
    counts_as text not null,
    is_apart boolean not null,
    kpi_version text,
    is_foreign boolean not null default false,
    known_from timestamptz not null default now(),
    primary key (stage, dt, lead_id, cycle),
    check (char_length(campaign) <= 100),
    check (char_length(rep_id) <= 200),
    check (char_length(source) <= 100),
    check (counts_as in ('counted', 'apart', 'before_mql', 'reopened')),
    check (stage in ('lead', 'mql', 'sal', 'sql', 'won', 'lost'))
);
create index funnel_entries_cohorts on analytics.funnel_entries (cohort_dt) where ((stage = 'won') and (counts_as = 'counted') and (not is_apart));
create index funnel_entries_left_out on analytics.funnel_entries (dt, lead_id, cycle, stage) where (counts_as in ('before_mql', 'reopened'));

create table analytics.past_funnel_entries (
    dt date not null,
    stage text not null,
    lead_id bigint not null,
    cycle integer not null,
    occurred_at timestamptz not null,
    cohort_dt date,
    campaign text,
    source text,
    rep_id text,
    value numeric(18,2),
    counts_as text not null,
    is_apart boolean not null,
    kpi_version text,
    is_foreign boolean not null,
    known_from timestamptz not null,
    known_until timestamptz not null,
    check (char_length(campaign) <= 100),
    check (char_length(rep_id) <= 200),
    check (char_length(source) <= 100),
    check (counts_as in ('counted', 'apart', 'before_mql', 'reopened')),
    check (known_from <= known_until),
    check (stage in ('lead', 'mql', 'sal', 'sql', 'won', 'lost'))
);
create index past_funnel_entries_dt on analytics.past_funnel_entries (dt, known_until);

create table analytics.left_out (
    dt date not null,
    lead_id bigint not null,
    cycle integer not null,
    stage text not null,
    occurred_at timestamptz not null,
    reason text not null,
    campaign text,
    source text,
    value numeric(18,2),
    primary key (lead_id, cycle, stage),
    check (char_length(campaign) <= 100),
    check (char_length(source) <= 100),
    check (reason in ('before_mql', 'reopened'))
);
create index left_out_dt on analytics.left_out (dt);

-- view analytics.events (lead_id bigint, event text, event_time timestamptz, campaign text)

create table analytics.response_times (
    lead_id bigint not null,
    cycle integer not null,
    rep_id text,
    campaign text,
    mql_at timestamptz not null,
    sal_at timestamptz,
    ended_at timestamptz,
    working_minutes double precision,
    wall_minutes double precision,
    local_hour smallint not null,
    cause text,
    is_backfill boolean not null,
    dt date not null,
    primary key (lead_id, cycle),
    check (cause in ('night', 'holiday', 'queue', 'unassigned', 'feed_late', 'handling')),
    check (char_length(campaign) <= 100)
);
create index response_times_dt on analytics.response_times (dt);
create index response_times_minutes on analytics.response_times (working_minutes) where (working_minutes is not null);

create table analytics.response_time_summaries (
    dt date not null,
    dimension text not null,
    key text,
    mqls bigint not null,
    open bigint not null,
    median_minutes double precision,
    q1_minutes double precision,
    q3_minutes double precision,
    low_whisker_minutes double precision,
    high_whisker_minutes double precision,
    working_median_minutes double precision,
    outliers jsonb not null,
    unique nulls not distinct (dt, dimension, key),
    check (char_length(key) <= 200),
    check (dimension in ('all', 'rep', 'campaign', 'hour'))
);

create table analytics.lead_times (
    dt date not null,
    stage text not null,
    scope text not null,
    campaign text,
    mqls bigint not null,
    reached bigint not null,
    rate double precision not null,
    within_days double precision not null,
    rate_within double precision,
    rate_within_low double precision,
    rate_within_high double precision,
    rate_within_reason text,
    median_days double precision,
    median_low double precision,
    median_high double precision,
    median_reason text,
    p90_days double precision,
    p90_low double precision,
    p90_high double precision,
    p90_reason text,
    closed_median_days double precision,
    closed_p90_days double precision,
    closed_mean_days double precision,
    closed_max_days double precision,
    unique nulls not distinct (dt, stage, scope, campaign),
    check (char_length(campaign) <= 100),
    check (median_reason in ('too_few', 'not_reached')),
    check (p90_reason in ('too_few', 'not_reached')),
    check (rate_within_reason in ('too_few', 'too_young')),
    check (scope in ('all', 'campaign')),
    check (stage in ('sal', 'sql', 'won'))
);

create table analytics.quality_findings (
    dt date not null,
    kind text not null,
    subject text not null,
    lead_id bigint,
    facts jsonb not null,
    found_at timestamptz not null,
    open_until timestamptz not null,
    settled_at timestamptz,
    primary key (dt, kind, subject),
    check (char_length(subject) <= 200),
    check (kind in ('impossible_order', 'missing_stage', 'gap', 'volume', 'unnamed_words'))
);
create index quality_findings_open on analytics.quality_findings (open_until) where (settled_at is null);

-- function analytics.count_minutes(moment timestamptz, starts timestamptz[], ends timestamptz[],
--     minutes_before double precision[]) returns double precision

-- function analytics.known_cells(moment timestamptz) returns setof analytics.funnel_cells

-- function analytics.known_entries(day date, moment timestamptz) returns setof analytics.funnel_entries

-- function analytics.known_sums(moment timestamptz) returns setof analytics.funnel_sums

-- function analytics.mark_leads(marked bigint[]) returns void

-- function analytics.mark_moments(moments timestamptz[]) returns void

-- function analytics.mark_person(person bigint) returns void

create schema attribution;

create table attribution.periods (
    dt date not null,
    since date not null,
    conversion text not null,
    conversions bigint not null,
    value numeric(18,2) not null,
    untouched bigint not null,
    touches bigint not null,
    null_paths bigint not null,
    settings text not null,
    computed_at timestamptz not null,
    without_rate bigint not null,
    primary key (dt)
);

create table attribution.credits (
    dt date not null,
    breakdown text not null,
    model text not null,
    campaign text not null,
    channel text not null,
    conversions numeric(18,6),
    conversions_low numeric(18,6),
    conversions_high numeric(18,6),
    value numeric(18,2),
    value_low numeric(18,2),
    value_high numeric(18,2),
    note text,
    known_from timestamptz not null default now(),
    primary key (dt, breakdown, model, campaign, channel),
    check (breakdown in ('channel', 'campaign')),
    check (char_length(campaign) <= 100),
    check (char_length(channel) <= 100)
);

create table attribution.past_periods (
    dt date not null,
    since date not null,
    conversion text not null,
    conversions bigint not null,
    value numeric(18,2) not null,
    untouched bigint not null,
    touches bigint not null,
    null_paths bigint not null,
    settings text not null,
    computed_at timestamptz not null,
    without_rate bigint not null,
    known_until timestamptz not null,
    check (computed_at <= known_until)
);
create index past_periods_dt on attribution.past_periods (dt, known_until);

create table attribution.past_credits (
    dt date not null,
    breakdown text not null,
    model text not null,
    campaign text not null,
    channel text not null,
    conversions numeric(18,6),
    conversions_low numeric(18,6),
    conversions_high numeric(18,6),
    value numeric(18,2),
    value_low numeric(18,2),
    value_high numeric(18,2),
    note text,
    known_from timestamptz not null,
    known_until timestamptz not null,
    check (breakdown in ('channel', 'campaign')),
    check (char_length(campaign) <= 100),
    check (char_length(channel) <= 100),
    check (known_from <= known_until)
);
create index past_credits_dt on attribution.past_credits (dt, breakdown, known_until);

-- function attribution.known_credits(day date, moment timestamptz) returns setof attribution.credits

-- function attribution.known_periods(moment timestamptz) returns setof attribution.periods

create schema economics;

create table economics.costs (
    cost_id bigint generated always as identity,
    month date not null,
    campaign text,
    category text not null,
    amount numeric(18,2),
    hours numeric(12,2),
    note text not null default '',
    origin text not null,
    recorded_at timestamptz not null,
    currency text,
    primary key (cost_id),
    unique (origin),
    check (extract(day from month) = 1::numeric),
    check (amount is not null or category = 'sales_hours' and hours is not null),
    check (category in ('ads', 'events', 'content', 'subscriptions', 'implementation', 'sales_hours')),
    check (char_length(campaign) >= 1 and char_length(campaign) <= 100),
    check (char_length(origin) <= 300),
    check (currency ~ '^[A-Z]{3}$')
);
create index costs_month on economics.costs (month);
create trigger publish_changed_costs after update on economics.costs referencing new table as changed for each statement execute function economics.publish_costs();
create trigger publish_gone_costs after delete on economics.costs referencing old table as changed for each statement execute function economics.publish_costs();
create trigger publish_new_costs after insert on economics.costs referencing new table as changed for each statement execute function economics.publish_costs();

create table economics.monthly_costs (
    as_of date not null,
    month date not null,
    line text not null,
    campaign text,
    category text not null,
    direct numeric(18,2) not null,
    allocated numeric(18,2) not null,
    known_from timestamptz not null default now(),
    unique nulls not distinct (as_of, month, line, campaign, category),
    check ((line = 'campaign') = (campaign is not null)),
    check (char_length(campaign) <= 100),
    check (line in ('campaign', 'no_campaign', 'shared'))
);

create table economics.months (
    as_of date not null,
    month date not null,
    line text not null,
    campaign text,
    cost numeric(18,2),
    won integer not null,
    value numeric(18,2) not null,
    won_without_value integer not null,
    mqls integer not null,
    cohort_sqls integer not null,
    cohort_won integer not null,
    cohort_valued integer not null,
    cohort_value numeric(18,2) not null,
    cohort_lost integer not null,
    cohort_open integer not null,
    left_out integer not null,
    is_over boolean not null,
    is_mature boolean not null,
    maturity_days integer not null,
    maturity_source text not null,
    gross_margin numeric not null,
    value_months numeric not null,
    currency text not null,
    won_without_rate integer not null,
    costs_without_rate integer not null,
    known_from timestamptz not null default now(),
    unique nulls not distinct (as_of, month, line, campaign),
    check ((line = 'campaign') = (campaign is not null)),
    check (char_length(campaign) <= 100),
    check (line in ('campaign', 'no_campaign', 'shared')),
    check (maturity_source in ('measured', 'setting'))
);

create table economics.past_months (
    as_of date not null,
    month date not null,
    line text not null,
    campaign text,
    cost numeric(18,2),
    won integer not null,
    value numeric(18,2) not null,
    won_without_value integer not null,
    mqls integer not null,
    cohort_sqls integer not null,
    cohort_won integer not null,
    cohort_valued integer not null,
    cohort_value numeric(18,2) not null,
    cohort_lost integer not null,
    cohort_open integer not null,
    left_out integer not null,
    is_over boolean not null,
    is_mature boolean not null,
    maturity_days integer not null,
    maturity_source text not null,
    gross_margin numeric not null,
    value_months numeric not null,
    currency text not null,
    won_without_rate integer not null,
    costs_without_rate integer not null,
    known_from timestamptz not null,
    known_until timestamptz not null,
    check ((line = 'campaign') = (campaign is not null)),
    check (char_length(campaign) <= 100),
    check (known_from <= known_until),
    check (line in ('campaign', 'no_campaign', 'shared')),
    check (maturity_source in ('measured', 'setting'))
);
create index past_months_as_of on economics.past_months (as_of, known_until);

create table economics.past_monthly_costs (
    as_of date not null,
    month date not null,
    line text not null,
    campaign text,
    category text not null,
    direct numeric(18,2) not null,
    allocated numeric(18,2) not null,
    known_from timestamptz not null,
    known_until timestamptz not null,
    check ((line = 'campaign') = (campaign is not null)),
    check (char_length(campaign) <= 100),
    check (known_from <= known_until),
    check (line in ('campaign', 'no_campaign', 'shared'))
);
create index past_monthly_costs_as_of on economics.past_monthly_costs (as_of, known_until);

-- view economics.ratios (as_of date, month date, is_total boolean, line text, campaign text, cost numeric,
--     won bigint, value numeric, won_without_value bigint, won_without_rate bigint, costs_without_rate
--     bigint, mqls bigint, cohort_sqls bigint, cohort_won bigint, cohort_valued bigint, cohort_value numeric,
--     cohort_lost bigint, cohort_open bigint, left_out bigint, is_over boolean, is_mature boolean,
--     maturity_days integer, maturity_source text, gross_margin numeric, value_months numeric, currency text,
--     cac numeric, cohort_cac numeric, payback_months numeric)

-- function economics.known_costs(day date, moment timestamptz) returns setof economics.monthly_costs

-- function economics.known_ratios(day date, moment timestamptz) returns table(as_of date, month date,
--     is_total boolean, line text, campaign text, cost numeric, won bigint, value numeric, won_without_value
--     bigint, won_without_rate bigint, costs_without_rate bigint, mqls bigint, cohort_sqls bigint, cohort_won
--     bigint, cohort_valued bigint, cohort_value numeric, cohort_lost bigint, cohort_open bigint, left_out
--     bigint, is_over boolean, is_mature boolean, maturity_days integer, maturity_source text, gross_margin
--     numeric, value_months numeric, currency text, cac numeric, cohort_cac numeric, payback_months numeric)

-- function economics.publish_costs() returns trigger

create schema training;

create table training.models (
    model_id integer generated always as identity,
    day date not null,
    hash text not null,
    body jsonb not null,
    trained_at timestamptz not null,
    primary key (model_id),
    unique (hash)
);

create table training.decisions (
    decision_id bigint generated always as identity,
    day date not null,
    outcome text not null,
    reason text not null,
    model_id integer,
    champion_id integer,
    inputs_hash text not null,
    findings jsonb not null,
    decided_at timestamptz not null,
    primary key (decision_id),
    check (outcome in ('first', 'replaced', 'kept', 'no_better', 'too_little', 'refused'))
);
create index decisions_day on training.decisions (day, decision_id);
create trigger publish_new_decisions after insert on training.decisions referencing new table as changed for each statement execute function training.publish_decisions();

create table training.predictions (
    lead_id bigint not null,
    model_id integer not null,
    as_of timestamptz not null,
    probability double precision not null,
    points integer not null,
    parts integer[] not null,
    sent_probability double precision,
    sent_number bigint not null,
    primary key (lead_id)
);

create table training.score_imports (
    import_id integer generated always as identity,
    day date not null,
    hash text not null,
    imported_at timestamptz not null,
    primary key (import_id)
);

create table training.imported_scores (
    import_id integer not null,
    lead_id bigint not null,
    at timestamptz not null,
    ml_score double precision not null,
    primary key (import_id, lead_id, at),
    foreign key (import_id) references training.score_imports(import_id) on delete cascade,
    check (ml_score >= 0::double precision and ml_score <= 1::double precision)
);

create table training.progress (
    is_only boolean not null default true,
    as_of timestamptz not null,
    primary key (is_only),
    check (is_only)
);

-- function training.publish_decisions() returns trigger

create schema reports;

create table reports.reports (
    report_id bigint generated always as identity,
    name text not null,
    first_day date not null,
    last_day date not null,
    made_at timestamptz not null,
    sentences jsonb not null,
    facts jsonb not null,
    picture bytea not null,
    digest text not null,
    file text not null,
    uploaded_file text,
    unknown_since timestamptz,
    posted_at timestamptz,
    posted_digest text,
    channel text,
    primary key (report_id),
    unique (name, first_day, last_day)
);

create schema history;

create table history.attributes (
    lead_id bigint not null,
    attribute text not null,
    value jsonb not null,
    known_at timestamptz,
    primary key (lead_id, attribute)
);

-- view history.impossible_orders (lead_id bigint, cycle integer, stage text, occurred_at timestamptz,
--     created_at timestamptz, mql_at timestamptz, evidence jsonb)

create schema alerts;

create table alerts.messages (
    message_id bigint generated always as identity,
    nonce text not null default delivery.make_nonce(),
    purpose text not null,
    digest_group text,
    parent_id bigint,
    created_at timestamptz not null,
    state text not null default 'open',
    attempts integer not null default 0,
    tried_at timestamptz,
    unknown_since timestamptz,
    posted_at timestamptz,
    channel text,
    message_ts text,
    shown_hash text,
    shown_facts jsonb,
    shown_at timestamptz,
    primary key (message_id),
    unique (parent_id, purpose),
    check (purpose in ('incident', 'digest', 'escalation', 'resolution')),
    check (state in ('open', 'final'))
);
create index messages_open on alerts.messages (message_id) where (state = 'open');

create table alerts.pages (
    page_id bigint generated always as identity,
    dedup_key text not null,
    digest_group text,
    created_at timestamptz not null,
    state text not null default 'pending',
    attempts integer not null default 0,
    tried_at timestamptz,
    unknown_since timestamptz,
    triggered_at timestamptz,
    primary key (page_id),
    check (char_length(dedup_key) <= 255),
    check (state in ('pending', 'triggered', 'acknowledged', 'resolved', 'dropped'))
);
create unique index pages_open on alerts.pages (dedup_key) where (state in ('pending', 'triggered', 'acknowledged'));

create table alerts.failing_channels (
    channel text not null,
    failing_since timestamptz not null,
    tried_at timestamptz not null,
    rest_until timestamptz,
    waiting integer not null,
    problem text not null,
    primary key (channel),
    check (channel in ('slack', 'pagerduty'))
);

create schema incidents;

create table incidents.incidents (
    incident_id bigint generated always as identity,
    kind text not null,
    subject text not null,
    state text not null default 'open',
    opened_at timestamptz not null,
    seen_at timestamptz not null,
    clear_since timestamptz,
    resolved_at timestamptz,
    escalated_at timestamptz,
    acknowledged_at timestamptz,
    facts jsonb not null,
    message_id bigint,
    page_id bigint,
    is_suppressed boolean not null default false,
    primary key (incident_id),
    check (state in ('open', 'resolved'))
);
create index incidents_message on incidents.incidents (message_id);
create index incidents_page on incidents.incidents (page_id) where (page_id is not null);
create index incidents_unannounced on incidents.incidents (incident_id) where ((message_id is null) and (not is_suppressed));
create unique index incidents_open on incidents.incidents (kind, subject) where (state = 'open');
create trigger publish_changed_incidents after update on incidents.incidents referencing old table as former new table as changed for each statement execute function incidents.publish_incidents();
create trigger publish_new_incidents after insert on incidents.incidents referencing new table as changed for each statement execute function incidents.publish_incidents();

create table incidents.heartbeats (
    name text not null,
    succeeded_at timestamptz not null,
    beats bigint not null default 1,
    primary key (name)
);

create table incidents.task_results (
    dag_id text not null,
    run_id text not null,
    task_id text not null,
    try_number integer not null,
    run_type text not null,
    run_started_at timestamptz not null,
    finished_at timestamptz not null,
    counts json not null,
    primary key (dag_id, run_id, task_id, try_number),
    check (char_length(dag_id) <= 250),
    check (char_length(run_id) <= 250),
    check (char_length(task_id) <= 250)
);
create index task_results_runs on incidents.task_results (dag_id, run_started_at, run_id);

-- function incidents.publish_incidents() returns trigger

create schema housekeeping;

create table housekeeping.space_samples (
    place text not null,
    sampled_at timestamptz not null,
    used_bytes bigint not null,
    free_bytes bigint not null,
    primary key (place, sampled_at),
    check (char_length(place) <= 300)
);
create index space_samples_time on housekeeping.space_samples (sampled_at);

create schema config;

create table config.kept_settings (
    section text not null,
    hash text not null,
    settings text not null,
    line_hashes text[] not null,
    ends_with_line_end boolean not null,
    adopted_at timestamptz not null,
    primary key (section, hash),
    check (char_length(hash) <= 64),
    check (char_length(section) <= 50)
);

create table config.readers (
    reader text not null,
    section text not null,
    file text not null,
    hash text,
    is_usable boolean not null default true,
    refused_hash text,
    line integer,
    cause text,
    refused_since timestamptz,
    seen_at timestamptz not null,
    primary key (reader, section),
    check (char_length(reader) <= 300),
    check (char_length(section) <= 50)
);

create table config.gated_settings (
    number bigint generated always as identity,
    section text not null,
    hash text not null,
    settings jsonb not null,
    reason text not null,
    since timestamptz not null,
    primary key (number),
    check (char_length(hash) <= 64),
    check (char_length(section) <= 50)
);
create index gated_settings_section on config.gated_settings (section, number);

create table config.gated_files (
    reader text not null,
    section text not null,
    file text not null,
    hash text not null,
    settings jsonb not null,
    is_first boolean not null,
    changed_at timestamptz not null,
    seen_at timestamptz not null,
    primary key (reader, section),
    check (char_length(hash) <= 64),
    check (char_length(reader) <= 300),
    check (char_length(section) <= 50)
);

create schema machines;

-- view machines.lead_events (lead_id bigint, event_seq bigint)

create table machines.acts (
    lead_id bigint not null,
    event_seq bigint not null,
    event text not null,
    ts timestamptz not null,
    mail text,
    link text,
    company text,
    primary key (lead_id, event_seq),
    check (char_length(company) <= 253),
    check (char_length(link) <= 200),
    check (char_length(mail) <= 200)
);
create index acts_link on machines.acts (company, link, ts) where ((event = 'mail_click') and (company is not null));
create index acts_ts on machines.acts using brin (ts) with (autosummarize='on');

create table machines.settings_in_force (
    is_only boolean not null default true,
    hash text not null,
    effective_at timestamptz not null,
    primary key (is_only),
    check (is_only)
);

create table machines.allowed (
    kind text not null,
    value text not null,
    allowed_at timestamptz not null,
    allowed_by text not null,
    reason text not null,
    primary key (kind, value),
    check (char_length(value) <= 253),
    check (kind in ('company', 'mail'))
);

create table machines.verdicts (
    event_seq bigint not null,
    lead_id bigint not null,
    signal text not null,
    reason text not null,
    classified_at timestamptz not null,
    freed_because text,
    freed_at timestamptz,
    primary key (event_seq),
    check ((freed_because is null) = (freed_at is null))
);
create index verdicts_lead on machines.verdicts (lead_id, event_seq);

create table machines.waiting_acts (
    event_seq bigint not null,
    lead_id bigint not null,
    due_at timestamptz not null,
    primary key (event_seq)
);
create index waiting_acts_due on machines.waiting_acts (due_at);
create index waiting_acts_lead on machines.waiting_acts (lead_id, event_seq);

-- view machines.uncounted_acts (event_seq bigint, lead_id bigint, reason text)

-- function machines.bound_text(held text) returns text

-- function machines.cast_moment(held text) returns timestamptz

-- function machines.cast_network(held text) returns inet

-- function machines.has_mark(payload jsonb, addresses text[]) returns boolean

-- function machines.read_moment(held text) returns timestamptz

-- function machines.read_text(payload jsonb, addresses text[]) returns text

create schema changes;

create table changes.changes (
    change_id bigint generated always as identity,
    kind text not null,
    hash text not null,
    subject text not null,
    content jsonb not null,
    base jsonb not null,
    status text not null,
    effect jsonb,
    reason text not null default '',
    problem text,
    asked_at timestamptz not null,
    weighed_at timestamptz,
    decided_at timestamptz,
    decided_by text,
    ended_at timestamptz,
    announced_at timestamptz,
    run_id text,
    primary key (change_id),
    check (char_length(hash) <= 64),
    check (kind in ('settings', 'model', 'rollback')),
    check (status in ('asked', 'waits', 'passed', 'approved', 'rejected', 'withdrawn'))
);
create index changes_ended on changes.changes (ended_at);
create unique index changes_open on changes.changes (kind, hash) where (ended_at is null);

create schema erased;

create table erased.erasures (
    erasure_id bigint generated always as identity,
    lead_ids bigint[] not null,
    erased_at timestamptz not null,
    day_ends_at timestamptz not null,
    erased_by text not null,
    targets text[] not null default '{}'[],
    key_check text not null,
    applied_at timestamptz,
    finished_at timestamptz,
    primary key (erasure_id),
    check (char_length(erased_by) <= 100)
);
create index erasures_open on erased.erasures (erasure_id) where (finished_at is null);

create table erased.identifiers (
    hash text not null,
    erasure_id bigint not null,
    erased_at timestamptz not null,
    day_ends_at timestamptz not null,
    returned_at timestamptz,
    primary key (hash),
    check (char_length(hash) = 64)
);

-- function erased.clear_json(said jsonb, pattern text) returns jsonb

-- function erased.clear_text(said text, pattern text) returns text

-- function erased.keeps_out(asked_hashes text[], happened_at timestamptz, is_proven boolean, is_form boolean)
--     returns boolean

create schema made_up;

create table made_up.pasts (
    is_only boolean not null default true,
    first_day date not null,
    last_day date not null,
    seed bigint not null,
    begun_at timestamptz not null,
    finished_at timestamptz,
    primary key (is_only),
    check (first_day <= last_day),
    check (is_only)
);

create schema consent;

create table consent.settings (
    is_only boolean not null default true,
    mail_purposes text[] not null,
    form_no text not null,
    unsubscribe_by text,
    unsaid_may_mail boolean not null,
    effective_at timestamptz not null,
    primary key (is_only),
    check (form_no in ('declined', 'opt_out')),
    check (is_only),
    check (unsubscribe_by in ('ma', 'crm'))
);

create table consent.statements (
    statement_id bigint generated always as identity,
    lead_id bigint not null,
    word text not null,
    said_at timestamptz not null,
    noted_by text not null,
    because text not null,
    primary key (statement_id),
    check (char_length(because) <= 1000),
    check (char_length(noted_by) <= 200),
    check (word in ('opt_out', 'opt_in'))
);
create index statements_lead on consent.statements (lead_id);

create table consent.inbox (
    seq bigint generated always as identity,
    lead_id bigint,
    crm_lead_id text,
    lane smallint not null default 0,
    primary key (seq),
    check (char_length(crm_lead_id) <= 200),
    check (num_nonnulls(lead_id, crm_lead_id) = 1)
);

create table consent.records (
    target text not null,
    lead_id bigint not null,
    external_id text not null,
    since timestamptz,
    passed text,
    said_at timestamptz,
    passes integer not null default 0,
    primary key (target, lead_id),
    check (char_length(external_id) <= 200),
    check (passed in ('opt_out', 'opt_in')),
    check (target in ('ma', 'crm'))
);

-- function consent.find_said(asked bigint[]) returns table(lead_id bigint, word text, said_at timestamptz,
--     heard_at timestamptz, source text, reference text, because text)

-- function consent.find_unresolved(asked bigint[]) returns table(lead_id bigint, word text, said_at
--     timestamptz, heard_at timestamptz, source text, reference text, because text)

-- function consent.note_crm_leads(noted text[]) returns void

-- function consent.note_leads(noted bigint[]) returns void

-- function consent.read_word(event text, proof text, payload jsonb, mail_purposes text[], form_no text)
--     returns text

create schema nurture;

create table nurture.inbox (
    inbox_id bigint generated always as identity,
    lead_id bigint not null,
    primary key (inbox_id)
);

create table nurture.sales_words (
    is_only boolean not null default true,
    kinds text[] not null,
    statuses text[] not null,
    contacted_within interval not null,
    primary key (is_only),
    check (is_only)
);

create table nurture.programmes (
    programme text not null,
    version integer not null,
    hash text not null,
    body jsonb,
    in_force_since timestamptz not null,
    first_taken_at timestamptz,
    primary key (programme, version),
    check (char_length(programme) <= 50),
    check (version > 0)
);

create table nurture.memberships (
    membership_id bigint generated always as identity,
    programme text not null,
    version integer not null,
    lead_id bigint not null,
    cycle integer not null,
    entered_at timestamptz not null,
    entry_event_seq bigint not null,
    is_held_out boolean not null,
    next_step text,
    due_at timestamptz not null,
    state text not null default 'active',
    ended_at timestamptz,
    reason text,
    primary key (membership_id),
    unique (lead_id, programme, cycle),
    foreign key (programme, version) references nurture.programmes(programme, version),
    check ((state = 'active') = (ended_at is null)),
    check ((state = 'active') = (next_step is not null)),
    check ((state = 'exited') = (reason is not null)),
    check (cycle > 0),
    check (state in ('active', 'finished', 'exited'))
);
create index memberships_due on nurture.memberships (due_at) where (state = 'active');

create table nurture.sends (
    membership_id bigint not null,
    step text not null,
    lead_id bigint not null,
    message_key text,
    depth text,
    due_at timestamptz not null,
    stale_at timestamptz not null,
    decided_at timestamptz not null,
    quiet_from timestamptz,
    state text not null,
    reason text,
    idempotency_key text,
    cycle integer,
    tries smallint not null default 1,
    primary key (membership_id, step),
    unique (idempotency_key),
    foreign key (membership_id) references nurture.memberships(membership_id) on delete cascade,
    check ((idempotency_key is null) = (cycle is null)),
    check ((state = 'queued') = (reason is null)),
    check ((state = 'skipped') = (idempotency_key is null)),
    check (cycle > 0),
    check (state in ('queued', 'postponed', 'withheld', 'skipped'))
);
create index sends_decided on nurture.sends (decided_at) include (state);
create index sends_lead on nurture.sends (lead_id, decided_at) where (state = 'queued');
create trigger publish_changed_sends after update on nurture.sends referencing new table as changed for each statement execute function nurture.publish_sends();
create trigger publish_gone_sends after delete on nurture.sends referencing old table as changed for each statement execute function nurture.publish_sends();
create trigger publish_new_sends after insert on nurture.sends referencing new table as changed for each statement execute function nurture.publish_sends();

create table nurture.hash_keys (
    hash_key bytea not null
);

create table nurture.lifts (
    dt date not null,
    programme text not null,
    holdout_share double precision not null,
    cohort date,
    last_entered_at timestamptz not null,
    window_days integer not null,
    members bigint not null,
    held_out bigint not null,
    member_sqls bigint not null,
    held_out_sqls bigint not null,
    open_members bigint not null,
    open_held_out bigint not null,
    difference double precision,
    difference_low double precision,
    difference_high double precision,
    ratio double precision,
    ratio_low double precision,
    ratio_high double precision,
    people_needed bigint,
    verdict text not null,
    unique nulls not distinct (dt, programme, holdout_share, cohort),
    check (char_length(programme) <= 50),
    check (verdict in ('no_hold_out', 'too_early', 'higher', 'lower', 'no_difference'))
);

-- function nurture.publish_sends() returns trigger

create schema gateway;

create table gateway.rate_buckets (
    limiter text not null,
    bucket bytea not null,
    tokens double precision not null,
    rate double precision not null,
    burst double precision not null,
    charged_at timestamptz not null,
    primary key (limiter, bucket),
    check (length(bucket) = 16),
    check (limiter in ('browsers', 'senders', 'signers', 'unauthenticated'))
);

create schema live;

create table live.lanes (
    name text not null,
    started_at timestamptz not null,
    seen_at timestamptz not null,
    worked_at timestamptz,
    is_on boolean not null,
    rounds bigint not null,
    events bigint not null,
    leads bigint not null,
    lag_seconds double precision,
    problem text,
    primary key (name),
    check (char_length(name) <= 300),
    check (char_length(problem) <= 2000)
);

create schema mart;

create table mart.inbox (
    mart text not null,
    id bigint not null,
    noted_at timestamptz not null default now()
);

create table mart.versions (
    change_number bigint generated always as identity,
    mart text not null,
    id bigint not null,
    row_key text not null,
    version integer not null,
    happened_at timestamptz not null,
    known_at timestamptz not null,
    is_deleted boolean not null,
    content jsonb not null,
    primary key (mart, change_number),
    check (char_length(mart) <= 40),
    check (char_length(row_key) <= 260),
    check (version > 0)
);
create unique index versions_key on mart.versions (mart, id, row_key, version);

-- view mart.ledger (ledger_id bigint, lead_id bigint, happened_at timestamptz, known_at timestamptz, points
--     integer, dimension text, kind text, rule text, reason text, touch_id bigint, rule_set_id integer,
--     reverses_ledger_id bigint, is_live boolean)

-- view mart.leads (lead_id bigint, person_id bigint, happened_at timestamptz, known_at timestamptz, campaign
--     text, source text, account_id bigint, is_imported boolean, is_claimed boolean, is_merged boolean,
--     counts boolean, erased_at timestamptz)

-- view mart.transitions (lead_id bigint, cycle integer, stage text, happened_at timestamptz, known_at
--     timestamptz, person_id bigint, person_cycle integer, is_merged boolean, counts boolean, campaign text,
--     source text, rep_id text, score integer, value numeric(18,2), is_foreign boolean, is_apart boolean,
--     is_backfill boolean, is_imported boolean, is_dated_by_export boolean, kpi_version text)

-- view mart.stages (person_id bigint, person_cycle integer, stage text, happened_at timestamptz, known_at
--     timestamptz, lead_id bigint, cycle integer, campaign text, source text, rep_id text, score integer,
--     value numeric(18,2), is_foreign boolean, is_apart boolean, is_counted boolean, is_backfill boolean,
--     is_imported boolean, is_dated_by_export boolean, kpi_version text)

-- view mart.touches (touch_id bigint, lead_id bigint, happened_at timestamptz, known_at timestamptz, kind
--     text, campaign text, source text, medium text, is_history boolean, counts boolean)

-- view mart.responses (lead_id bigint, cycle integer, kind text, happened_at timestamptz, known_at
--     timestamptz, rep_id text)

-- view mart.assignments (assignment_id bigint, lead_id bigint, cycle integer, number integer, happened_at
--     timestamptz, known_at timestamptz, rep_id text, queue text, why text, cause text, rule text,
--     waited_minutes double precision, is_backfill boolean)

-- view mart.owners (lead_id bigint, cycle integer, happened_at timestamptz, known_at timestamptz, state text,
--     rep_id text, queue text, is_backfill boolean)

-- view mart.clocks (lead_id bigint, cycle integer, clock text, happened_at timestamptz, known_at timestamptz,
--     due_at timestamptz, stopped_at timestamptz, business_minutes double precision, target_minutes double
--     precision)

-- view mart.sends (membership_id bigint, step text, lead_id bigint, happened_at timestamptz, known_at
--     timestamptz, programme text, programme_version integer, entered_at timestamptz, due_at timestamptz,
--     state text, reason text, tries integer)

-- view mart.costs (cost_id bigint, happened_at timestamptz, known_at timestamptz, month date, campaign text,
--     category text, amount numeric(18,2), currency text, hours numeric(12,2))

-- view mart.decisions (kind text, decision_id bigint, happened_at timestamptz, known_at timestamptz, day
--     date, outcome text, reason text, answer text, effective_at timestamptz, threshold integer, sla_minutes
--     double precision, model_id integer)

-- view mart.incidents (incident_id bigint, kind text, subject text, happened_at timestamptz, known_at
--     timestamptz, state text, acknowledged_at timestamptz, escalated_at timestamptz, resolved_at
--     timestamptz)

-- view mart.addresses (lead_id bigint, email text, happened_at timestamptz, known_at timestamptz)

-- view mart.traits (lead_id bigint, trait text, happened_at timestamptz, known_at timestamptz, value text)

-- view mart.present_rows (mart text, id bigint, row_key text, happened_at timestamptz, known_at timestamptz,
--     content jsonb)

-- view mart.lead_versions (change_number bigint, version integer, is_deleted boolean, lead_id bigint,
--     person_id bigint, happened_at timestamptz, known_at timestamptz, campaign text, source text, account_id
--     bigint, is_imported boolean, is_claimed boolean, is_merged boolean, counts boolean, erased_at
--     timestamptz)

-- view mart.transition_versions (change_number bigint, version integer, is_deleted boolean, lead_id bigint,
--     cycle integer, stage text, happened_at timestamptz, known_at timestamptz, person_id bigint,
--     person_cycle integer, is_merged boolean, counts boolean, campaign text, source text, rep_id text, score
--     integer, value numeric(18,2), is_foreign boolean, is_apart boolean, is_backfill boolean, is_imported
--     boolean, is_dated_by_export boolean, kpi_version text)

-- view mart.response_versions (change_number bigint, version integer, is_deleted boolean, lead_id bigint,
--     cycle integer, kind text, happened_at timestamptz, known_at timestamptz, rep_id text)

-- view mart.assignment_versions (change_number bigint, version integer, is_deleted boolean, assignment_id
--     bigint, lead_id bigint, cycle integer, number integer, happened_at timestamptz, known_at timestamptz,
--     rep_id text, queue text, why text, cause text, rule text, waited_minutes double precision, is_backfill
--     boolean)

-- view mart.send_versions (change_number bigint, version integer, is_deleted boolean, membership_id bigint,
--     step text, lead_id bigint, happened_at timestamptz, known_at timestamptz, programme text,
--     programme_version integer, entered_at timestamptz, due_at timestamptz, state text, reason text, tries
--     integer)

-- view mart.cost_versions (change_number bigint, version integer, is_deleted boolean, cost_id bigint,
--     happened_at timestamptz, known_at timestamptz, month date, campaign text, category text, amount
--     numeric(18,2), currency text, hours numeric(12,2))

-- view mart.decision_versions (change_number bigint, version integer, is_deleted boolean, kind text,
--     decision_id bigint, happened_at timestamptz, known_at timestamptz, day date, outcome text, reason text,
--     answer text, effective_at timestamptz, threshold integer, sla_minutes double precision, model_id
--     integer)

-- view mart.incident_versions (change_number bigint, version integer, is_deleted boolean, incident_id bigint,
--     kind text, subject text, happened_at timestamptz, known_at timestamptz, state text, acknowledged_at
--     timestamptz, escalated_at timestamptz, resolved_at timestamptz)

-- view mart.address_versions (change_number bigint, version integer, is_deleted boolean, lead_id bigint,
--     email text, happened_at timestamptz, known_at timestamptz)

-- view mart.trait_versions (change_number bigint, version integer, is_deleted boolean, lead_id bigint, trait
--     text, happened_at timestamptz, known_at timestamptz, value text)

create schema warehouse;

create table warehouse.exports (
    target text not null,
    mart text not null,
    sent_to bigint not null default 0,
    sending_to bigint,
    columns text[] not null,
    sent_at timestamptz,
    complete_at timestamptz,
    primary key (target, mart),
    check (char_length(mart) <= 40),
    check (char_length(target) <= 40),
    check (sending_to > sent_to)
);

create table warehouse.differences (
    target text not null,
    mart text not null,
    partition text not null,
    found_at timestamptz not null,
    own_rows bigint not null,
    their_rows bigint not null,
    primary key (target, mart, partition),
    check (char_length(mart) <= 40),
    check (char_length(partition) <= 10),
    check (char_length(target) <= 40)
);

create table warehouse.followed_erasures (
    target text not null,
    erasure_id bigint not null,
    applied_at timestamptz not null,
    followed_at timestamptz not null,
    primary key (target, erasure_id),
    check (char_length(target) <= 40)
);

create schema canary;

create table canary.visitors (
    visitor_id bigint generated always as identity,
    email text not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    asked_at timestamptz,
    removed_at timestamptz,
    primary key (visitor_id),
    check (char_length(email) <= 254)
);
create unique index visitors_present on canary.visitors ((true)) where (ended_at is null);

create table canary.visits (
    visit_id bigint generated always as identity,
    visitor_id bigint not null,
    event_id text not null,
    form_id text not null,
    form_key text not null,
    warehouses text[] not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    gave_up boolean not null default false,
    primary key (visit_id),
    unique (event_id),
    check (char_length(event_id) <= 200),
    check (char_length(form_id) <= 200),
    check (char_length(form_key) <= 200)
);
create index visits_open on canary.visits (visit_id) where (ended_at is null);
create index visits_started on canary.visits (started_at);
create index visits_visitor on canary.visits (visitor_id);

create table canary.hops (
    visit_id bigint not null,
    hop text not null,
    follows text[] not null,
    limit_minutes double precision not null,
    begins_at timestamptz,
    done_at timestamptz,
    seen_at timestamptz,
    problem text,
    primary key (visit_id, hop),
    check (char_length(hop) <= 20),
    check (char_length(problem) <= 400)
);
create index hops_done on canary.hops (hop, done_at);
create index hops_open on canary.hops (visit_id) where (done_at is null);
