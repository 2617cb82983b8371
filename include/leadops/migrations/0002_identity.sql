-- Identity: which person an event belongs to, and what is known of that person.
create schema identity;

-- Filled by events in the transaction that accepts the event, emptied by identity.
create table identity.inbox (
    event_seq bigint primary key,
    lane smallint not null default 0,
    says_consent boolean check (says_consent)
);
comment on column identity.inbox.lane is '0 live, 1 backfill; scoring gets it with the lead';
comment on column identity.inbox.says_consent is
'It may say whether the person wants mail (cdp.says_consent): an opt-out counts at once; null: it does not';
create index inbox_consent on identity.inbox (event_seq) where says_consent;

create table identity.leads (
    lead_id bigint generated always as identity primary key,
    email text unique check (char_length(email) <= 254),
    created_at timestamptz not null,
    first_event_seq bigint,
    account_id bigint,
    campaign text,
    source text,
    merged_into bigint,
    is_from_form boolean not null default false,
    only_claimed boolean not null default false,
    erased_at timestamptz,
    recorded_at timestamptz
);
comment on column identity.leads.recorded_at is 'When an import brought it; null: when it was created';
comment on column identity.leads.email is 'Null: an imported lead whose address is not known, or an erased one';
comment on column identity.leads.erased_at is
'The person was erased: the number stays for aggregates, nothing is scored or sent any more';
create index leads_erased on identity.leads (lead_id) where erased_at is not null;
comment on column identity.leads.first_event_seq is 'Null: imported';
comment on column identity.leads.campaign is 'Of an imported lead''s first contact; others: see their first event';
comment on column identity.leads.source is 'Likewise';
comment on column identity.leads.merged_into is 'The oldest lead of the same person; null: itself';
comment on column identity.leads.is_from_form is 'Made for a form that could not wait for the resolver';
comment on column identity.leads.only_claimed is
'Only events without proof speak of it: it is in no one else''s way, and proof makes it a lead as if it were new';
create index leads_only_claimed on identity.leads (lead_id) where only_claimed;
create index leads_account on identity.leads (account_id) where account_id is not null;
create index leads_created on identity.leads (created_at);
create index leads_merged_into on identity.leads (merged_into) where merged_into is not null;

-- Whose leads are not a buyer's, as company.yaml said when it was followed last.
create table identity.internal_entries (
    kind text not null check (kind in ('domain', 'address', 'network', 'wrong_period')),
    value text not null check (char_length(value) <= 254),
    primary key (kind, value)
);

create table identity.uncounted_leads (
    lead_id bigint primary key,
    reason text not null check (reason in ('internal', 'canary')),
    entry text not null,
    since timestamptz not null
);
comment on table identity.uncounted_leads is
'Leads that count for nothing: whoever counts leads leaves these out. All leads of a person or none';
comment on column identity.uncounted_leads.entry is 'What says so, such as domain example.com or own networks';

-- The leads of simulated visitors.
create view identity.canary_leads as
select
    leads.lead_id,
    canaries.email,
    canaries.reaches_ma,
    canaries.reaches_crm
from cdp.canaries as canaries
inner join identity.leads as leads on canaries.email = leads.email;

create table identity.counted_again (
    lead_id bigint primary key,
    at timestamptz not null,
    was_announced boolean not null
);
comment on table identity.counted_again is 'Leads that did not count, and count since then';
comment on column identity.counted_again.was_announced is
'It counted before it did not, so it was announced to the MA; false: it did not count from the start';

create table identity.accounts (
    account_id bigint generated always as identity primary key,
    domain text not null unique check (char_length(domain) <= 253),
    created_at timestamptz not null
);
create index accounts_domain on identity.accounts (domain collate "C");
comment on table identity.accounts is 'A company, by its registrable domain';

create table identity.aliases (
    kind text not null check (kind in ('email', 'crm_id', 'enrichment_id', 'user_id', 'anonymous_id')),
    value text not null check (char_length(value) <= 254),
    lead_id bigint not null,
    event_seq bigint,
    linked_at timestamptz not null,
    confirmed_seq bigint,
    primary key (kind, value)
);
-- A lead of an export is known by what the CRM calls it; there is no event that shows it.
comment on column identity.aliases.event_seq is 'The event that is the evidence for this link; null: an import';
comment on column identity.aliases.lead_id is '0: nobody''s, because it was seen with too many emails';
comment on column identity.aliases.confirmed_seq is
'The first event that shows it with the lead''s own email; null: other identifiers tied it to the lead';
create index aliases_lead on identity.aliases (lead_id);
-- The search of the Lead ops page: addresses that begin with a text.
create index aliases_email on identity.aliases (value collate "C") where kind = 'email';

-- Where several spellings of an address are one mailbox: what the settings say of each address that is proven.
create table identity.mailboxes (
    email text primary key check (char_length(email) <= 254),
    mailbox text not null check (char_length(mailbox) <= 254),
    lead_id bigint not null
);
comment on table identity.mailboxes is
'The mailbox of each proven address of a domain with a rule for spellings: leads of one mailbox are one person';
create index mailboxes_mailbox on identity.mailboxes (mailbox);
create index mailboxes_lead on identity.mailboxes (lead_id);

create table identity.unannounced_leads (
    lead_id bigint primary key
);
comment on table identity.unannounced_leads is
'Leads that the MA does not know, because an older lead has their mailbox: announced if they are parted, on any day';

-- An event is resolved once because it leaves the inbox once; ranges of event_seq are found by the small index.
create table identity.resolved_events (
    event_seq bigint not null,
    lead_id bigint not null,
    is_mail_act boolean check (is_mail_act),
    says_consent boolean check (says_consent),
    primary key (lead_id, event_seq)
);
comment on column identity.resolved_events.says_consent is
'It may say whether the person wants mail (cdp.says_consent); null: it does not';
comment on column identity.resolved_events.is_mail_act is
'It came through a mail (leadops.events.mail_events); null: it did not, which takes no space';
create index resolved_events_seq on identity.resolved_events using brin (event_seq);
create index resolved_events_consent on identity.resolved_events (lead_id, event_seq) where says_consent;
create index resolved_events_mail on identity.resolved_events (lead_id, event_seq) where is_mail_act;

-- Events of nobody known yet; they move to resolved_events when an alias of theirs becomes known.
create table identity.unresolved_events (
    event_seq bigint primary key,
    anonymous_id text check (char_length(anonymous_id) <= 200),
    user_id text check (char_length(user_id) <= 200),
    enrichment_id text check (char_length(enrichment_id) <= 200)
);
create index unresolved_events_anonymous on identity.unresolved_events (anonymous_id);
create index unresolved_events_user on identity.unresolved_events (user_id);
create index unresolved_events_enrichment on identity.unresolved_events (enrichment_id)
where enrichment_id is not null;

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
-- The company that a lead names, as it is compared: without its legal form and without case. Bounded, as it is a key.
create function identity.read_company(value jsonb, comparable jsonb) returns text
language sql immutable parallel safe
return left(
    case jsonb_typeof(coalesce(comparable, value))
        when 'array' then coalesce(comparable, value) ->> 0
        else coalesce(comparable, value) #>> '{}'
    end, 200
);
-- The search of the Lead ops page: names that begin with a text, letter by letter.
create index traits_company on identity.traits ((identity.read_company(value, comparable)) collate "C")
where trait = 'company';
comment on table identity.traits is
'The newest known value of each trait (industry, employees, title, country), and the domain of the address';
comment on column identity.traits.ts is
'When the event happened that says it; of email_domain: the earliest one that names the address';
comment on column identity.traits.value is 'As it was sent; of a list, the first element that says something';
comment on column identity.traits.comparable is
'The forms by which rules compare it (leadops.normalization.trait_values), a list if there are several; null: `value`';
comment on column identity.traits.is_history is 'Only history or an import says so: no news about the lead';

create table identity.sightings (
    kind text not null,
    value text not null check (char_length(value) <= 254),
    lead_id bigint not null,
    event_seq bigint not null,
    primary key (kind, value, lead_id)
);
comment on table identity.sightings is
'An identifier of one lead was seen with the email of another: the first event that shows it';
comment on column identity.sightings.lead_id is 'The lead of the email';
create index sightings_lead on identity.sightings (lead_id);

create table identity.violations (
    guard text not null check (guard in ('emails', 'identifiers', 'merges')),
    kind text not null,
    value text not null check (char_length(value) <= 254),
    event_seq bigint not null,
    times integer not null,
    seen_at timestamptz not null,
    settled_at timestamptz,
    primary key (guard, kind, value)
);
comment on table identity.violations is 'What a guard stopped, the first event of it, and how often';
comment on column identity.violations.kind is 'Of the identifier; lead for the guard of a lead''s identifiers';
comment on column identity.violations.settled_at is 'When a person looked at it; seen again later, it is open again';

-- All leads of everybody who has several, the oldest included.
create table identity.people (
    lead_id bigint primary key,
    person_id bigint not null
);
comment on table identity.people is
'A lead that is not here is a person of its own. As identity.leads.merged_into, but by person';
comment on column identity.people.person_id is 'The person''s oldest lead, by which everybody calls the person';
create index people_person on identity.people (person_id);

-- All leads of the people to whom these leads belong, each with its person.
create function identity.find_members(asked bigint[]) returns table (person_id bigint, lead_id bigint)
language sql stable as $$
    with persons as (
        select distinct coalesce(people.person_id, listed.lead_id) as person_id
        from unnest(asked) as listed (lead_id)
        left join identity.people as people on listed.lead_id = people.lead_id
    )

    select
        persons.person_id,
        persons.person_id as lead_id
    from persons
    union
    select
        persons.person_id,
        people.lead_id
    from persons
    inner join identity.people as people on persons.person_id = people.person_id
$$;

create table identity.lead_merges (
    merge_id bigint generated always as identity primary key,
    older_lead_id bigint not null,
    younger_lead_id bigint not null,
    kind text not null,
    value text not null check (char_length(value) <= 254),
    event_seq bigint not null,
    merged_at timestamptz not null,
    undone_at timestamptz,
    undone_by text,
    undone_because text
);
comment on table identity.lead_merges is
'Two leads are one person: the identifier that was seen with both emails, or kept and the lead that was split';
comment on column identity.lead_merges.event_seq is 'The event that completed the evidence';
comment on column identity.lead_merges.undone_by is 'Who split it; null: the evidence itself did not hold';
create unique index lead_merges_pair on identity.lead_merges (older_lead_id, younger_lead_id) where undone_at is null;
create index lead_merges_younger on identity.lead_merges (younger_lead_id);
create index lead_merges_older on identity.lead_merges (older_lead_id);
create index lead_merges_identifier on identity.lead_merges (kind, value) where undone_at is null;

create table identity.do_not_merge (
    older_lead_id bigint not null,
    younger_lead_id bigint not null,
    decided_at timestamptz not null,
    decided_by text not null,
    reason text not null,
    primary key (older_lead_id, younger_lead_id)
);
comment on table identity.do_not_merge is 'Two leads of which somebody said that they are two people: never merged';
create index do_not_merge_younger on identity.do_not_merge (younger_lead_id);

create table identity.kept_ties (
    lead_id bigint not null,
    kind text not null check (char_length(kind) <= 30),
    value text not null check (char_length(value) <= 254),
    other_lead_id bigint not null,
    other_kind text not null check (char_length(other_kind) <= 30),
    other_value text not null check (char_length(other_value) <= 254),
    split_lead_id bigint not null,
    decided_at timestamptz not null,
    decided_by text not null,
    reason text not null,
    primary key (lead_id, other_lead_id, split_lead_id)
);
comment on table identity.kept_ties is
'Two leads that stay one person although the lead that tied them was split, as long as both identifiers hold';
comment on column identity.kept_ties.value is 'What the first lead was seen with; other_value: what the second was';
create index kept_ties_other on identity.kept_ties (other_lead_id);
create index kept_ties_identifier on identity.kept_ties (kind, value);
create index kept_ties_other_identifier on identity.kept_ties (other_kind, other_value);

-- How far events were taken, and those that came to the inbox after later ones: with this their order is known.
create table identity.progress (
    is_only boolean primary key default true check (is_only),
    last_seq bigint not null,
    merge_settings text,
    mail_events text[]
);
comment on column identity.progress.merge_settings is 'The settings by which leads are merged, as they were last used';
comment on column identity.progress.mail_events is 'The events that resolved_events marks as acts through mails';
insert into identity.progress (last_seq) values (0);

create table identity.late_events (
    late_id bigint generated always as identity primary key,
    event_seq bigint not null unique,
    after_seq bigint not null
);
comment on table identity.late_events is 'Events that were resolved after events with a higher seq';
comment on column identity.late_events.after_seq is 'The highest seq that had been resolved before it';

-- The text or number in the first of the properties `names` that holds one, alone or as the only element of a list, and
-- not one of `ignored`.
create function identity.read_property(properties jsonb, names text[], ignored text[]) returns text
language sql stable parallel safe as $$
    select told.value
    from unnest(names) with ordinality as named (name, place)
    cross join lateral (select properties -> named.name as value) as sent
    cross join
        lateral (
            select
                case
                    when jsonb_typeof(sent.value) = 'array' and jsonb_array_length(sent.value) = 1 then sent.value -> 0
                    else sent.value
                end as value
        ) as one
    cross join lateral (select btrim(one.value #>> '{}') as value) as told
    where
        jsonb_typeof(one.value) in ('string', 'number')
        and told.value <> ''
        and told.value <> all(ignored)
    order by named.place
    limit 1
$$;

-- The identifier in the first of the properties `names` that holds one. A long one keeps its beginning and gets a hash
-- of the whole, as leadops.normalization.placeholder_ids.bound_id gives it: a cut alone would make one person of two.
create function identity.read_id(properties jsonb, names text[], placeholders text[]) returns text
language sql stable parallel safe as $$
    select
        case
            when length(told.value) <= 200 then told.value
            else left(told.value, 187) || '~' || left(encode(sha256(convert_to(told.value, 'UTF8')), 'hex'), 12)
        end
    from identity.read_property(properties, names, placeholders) as told (value)
$$;

-- An event without proof that names an email, a user id or an enrichment id. It also waits in unresolved_events; what
-- proof gives a lead leaves both.
create table identity.claims (
    event_seq bigint primary key,
    lead_id bigint,
    reason text not null check (reason in ('only_claimed', 'proven_lead', 'unproven_id')),
    received_at timestamptz not null
);
comment on column identity.claims.lead_id is 'The lead of the email that it names; null: it names none';
comment on column identity.claims.reason is 'Of the lead of its email, when it came: only claimed so far, or proven';
create index claims_lead on identity.claims (lead_id) where lead_id is not null;
create index claims_received on identity.claims (received_at);

-- The first lead that a browser of nobody claimed to be.
create table identity.claimed_browsers (
    anonymous_id text primary key check (char_length(anonymous_id) <= 200),
    lead_id bigint not null,
    event_seq bigint not null
);
create index claimed_browsers_lead on identity.claimed_browsers (lead_id);
create index claimed_browsers_event on identity.claimed_browsers (event_seq);

-- The events of a lead that is only claimed: the claims that name its email, and what else the browser did.
create view identity.claimed_events as
select
    claims.event_seq,
    claims.lead_id
from identity.leads as leads
inner join identity.claims as claims on leads.lead_id = claims.lead_id
where leads.only_claimed
union all
select
    waiting.event_seq,
    browsers.lead_id
from identity.leads as leads
inner join identity.claimed_browsers as browsers on leads.lead_id = browsers.lead_id
inner join identity.unresolved_events as waiting on browsers.anonymous_id = waiting.anonymous_id
where
    leads.only_claimed
    and not exists (select from identity.claims as claims where claims.event_seq = waiting.event_seq);

-- Whether an entry names this address: itself, its domain or one above it.
create function identity.is_named(asked_email text, kind text, value text) returns boolean
language sql immutable parallel safe
return case kind
    when 'address' then asked_email = value
    when 'domain'
        then
            split_part(asked_email, '@', 2) = value
            or right(split_part(asked_email, '@', 2), char_length(value) + 1) = '.' || value
    else false
end;

-- The events of leads of which is known whether they came from an own network.
create view identity.located_events as
select
    acts.lead_id,
    acts.event_seq,
    events.own_network
from (
    select
        lead_id,
        event_seq
    from identity.resolved_events
    union all
    select
        lead_id,
        event_seq
    from identity.claimed_events
) as acts
inner join cdp.events as events on acts.event_seq = events.seq
where
    events.own_network is not null
    and not exists (
        select from identity.internal_entries as entries
        where case when entries.kind = 'wrong_period' then entries.value::tstzrange end @> events.received_at
    );

-- Brings identity.uncounted_leads in line with the entries and with who is one person, for the leads `asked` and all
-- leads of their persons, since `asked_now`; null: since they are there. Returns the leads for which something changed.
create function identity.refresh_uncounted(asked bigint[], asked_now timestamptz) returns setof bigint
language sql volatile as $$
    with involved as (
        select
            leads.lead_id,
            leads.created_at,
            coalesce(people.person_id, leads.lead_id) as person_id,
            exists (select from cdp.canaries as canaries where canaries.email = leads.email) as is_canary,
            (
                select min(entries.kind || ' ' || entries.value)
                from identity.internal_entries as entries
                where identity.is_named(leads.email, entries.kind, entries.value)
            ) as entry,
            case
                when exists (select from identity.internal_entries as entries where entries.kind = 'network')
                    then (
                        select bool_and(located.own_network)
                        from identity.located_events as located
                        where located.lead_id = leads.lead_id
                    )
            end as was_inside
        from (
            select unnest(asked) as lead_id
            union
            select others.lead_id
            from identity.people as own
            inner join identity.people as others on own.person_id = others.person_id
            where own.lead_id = any(asked)
        ) as wanted
        -- Whether an erased lead counts stays as it was.
        inner join identity.leads as leads on wanted.lead_id = leads.lead_id and leads.erased_at is null
        left join identity.people as people on leads.lead_id = people.lead_id
    ),

    -- Null: the person counts. A canary goes first; an address that is named goes before networks, and these say it of
    -- whoever was only ever seen in them. One pass and no join: how many leads are asked for is not known when this is planned.
    decided as (
        select
            lead_id,
            created_at,
            bool_or(is_canary) over person as is_canary,
            coalesce(
                case when bool_or(is_canary) over person then 'simulated visitor' end,
                min(entry) over person,
                case when bool_and(was_inside) over person then 'own networks' end
            ) as entry
        from involved
        window person as (partition by person_id)
    ),

    counted as (
        delete from identity.uncounted_leads as former
        using decided
        where former.lead_id = decided.lead_id and decided.entry is null
        returning former.lead_id, former.since > decided.created_at as was_announced
    ),

    noted as (
        insert into identity.counted_again as earlier (lead_id, at, was_announced)
        select
            lead_id,
            coalesce(asked_now, now()),
            was_announced
        from counted
        on conflict (lead_id) do update set at = excluded.at, was_announced = excluded.was_announced
    ),

    -- The key alone tells who is there: a join would search the table that grows meanwhile for each lead.
    uncounted as (
        insert into identity.uncounted_leads (lead_id, reason, entry, since)
        select
            lead_id,
            case when is_canary then 'canary' else 'internal' end,
            entry,
            coalesce(asked_now, created_at)
        from decided
        where entry is not null
        on conflict (lead_id) do nothing
        returning lead_id
    ),

    renamed as (
        update identity.uncounted_leads as known
        set entry = decided.entry, reason = case when decided.is_canary then 'canary' else 'internal' end
        from decided
        where known.lead_id = decided.lead_id and known.entry <> decided.entry
    )

    select lead_id from counted
    union all
    select lead_id from uncounted
$$;

-- New leads do not count from the start, whoever makes them.
create function identity.mark_internal() returns trigger language plpgsql as $$
begin
    if exists (select from identity.internal_entries) or exists (select from cdp.canaries) then
        perform identity.refresh_uncounted(array(select lead_id from added), null);
    end if;
    return null;
end $$;
create trigger mark_internal after insert on identity.leads
referencing new table as added for each statement execute function identity.mark_internal();

-- Who has another address, or is proven: what only claims showed of its networks counts no more.
create function identity.mark_named() returns trigger language plpgsql as $$
begin
    if exists (select from identity.internal_entries) or exists (select from cdp.canaries) then
        perform identity.refresh_uncounted(array[new.lead_id], null);
    end if;
    return null;
end $$;
create trigger mark_named after update of email, only_claimed on identity.leads
for each row when (old.email is distinct from new.email or old.only_claimed <> new.only_claimed)
execute function identity.mark_named();

-- For a statement that has just made the lead, which its own snapshot does not show.
create function identity.counts_for_nothing(asked_lead bigint) returns boolean language plpgsql volatile as $$
begin
    return exists (select from identity.uncounted_leads as known where known.lead_id = asked_lead);
end $$;

-- What a person did, whichever of their leads it was tied to.
create view identity.person_events as
select
    resolved.event_seq,
    resolved.lead_id
from identity.resolved_events as resolved
where not exists (select from identity.people as people where people.lead_id = resolved.lead_id)
union all
select
    resolved.event_seq,
    people.person_id as lead_id
from identity.people as people
inner join identity.resolved_events as resolved on people.lead_id = resolved.lead_id;

-- The newest value of each trait of a person, from whichever of their leads. Of addresses none replaces another: the
-- email_domain of a person with several is all their domains, separated by blanks.
create view identity.person_traits as
select
    traits.lead_id,
    traits.trait,
    traits.value
from identity.traits as traits
where not exists (select from identity.people as people where people.lead_id = traits.lead_id)
union all
(
    select distinct on (people.person_id, traits.trait)
        people.person_id as lead_id,
        traits.trait,
        traits.value
    from identity.people as people
    inner join identity.traits as traits on people.lead_id = traits.lead_id
    where traits.trait <> 'email_domain'
    order by people.person_id asc, traits.trait asc, traits.ts desc, traits.event_id collate "C" desc
)
union all
select
    domains.person_id as lead_id,
    'email_domain' as trait,
    to_jsonb(string_agg(domains.domain, ' ' order by domains.domain collate "C")) as value
from (
    select distinct
        people.person_id,
        traits.value #>> '{}' as domain
    from identity.people as people
    inner join identity.traits as traits on people.lead_id = traits.lead_id and traits.trait = 'email_domain'
) as domains
group by domains.person_id;

-- The account of each person: that of the newest website, whichever of their leads named it.
-- One join, no union: whoever asks for a few leads looks up these alone, in an outer join too.
create view identity.person_accounts as
select
    leads.lead_id,
    case
        when own.person_id is null then leads.account_id
        else (
            select member.account_id
            from identity.people as people
            inner join identity.leads as member on people.lead_id = member.lead_id
            left join identity.traits as traits on people.lead_id = traits.lead_id and traits.trait = 'website'
            where people.person_id = leads.lead_id
            order by traits.ts desc nulls last, traits.event_id collate "C" desc nulls last
            limit 1
        )
    end as account_id
from identity.leads as leads
left join identity.people as own on leads.lead_id = own.lead_id
where own.person_id is null or own.person_id = leads.lead_id;

-- Records the mailbox of a proven address (null: none), and returns whom its lead `own_lead`, of the person
-- `own_person`, is the same person as: the oldest lead of the mailbox that nobody split from it. The resolver merges
-- them later; until then a form must not make a second lead in the MA and the CRM.
create function identity.find_mailbox_lead(
    own_lead bigint, own_person bigint, own_email text, asked_mailbox text
) returns bigint
language plpgsql volatile as $$
begin
    if asked_mailbox is null then
        return own_person;
    end if;
    insert into identity.mailboxes (email, mailbox, lead_id)
    values (own_email, asked_mailbox, own_lead)
    on conflict (email) do nothing;
    if own_person <> own_lead then
        return own_person;
    end if;
    return coalesce(
        (
            select coalesce(people.person_id, others.lead_id)
            from identity.mailboxes as others
            inner join identity.leads as older on others.lead_id = older.lead_id
            inner join identity.leads as own on own.lead_id = own_lead
            left join identity.people as people on others.lead_id = people.lead_id
            where
                others.mailbox = asked_mailbox
                and (older.created_at, older.lead_id) < (own.created_at, own.lead_id)
                and not exists (
                    select from identity.do_not_merge as forbidden
                    where
                        (forbidden.older_lead_id, forbidden.younger_lead_id)
                        in ((others.lead_id, own_lead), (own_lead, others.lead_id))
                )
            order by older.created_at, older.lead_id
            limit 1
        ),
        own_person
    );
end
$$;

-- Finds the lead of an email, or makes it, for a caller that cannot wait for the resolver; of a person with several
-- leads it is the oldest. Of two at once, the second waits for the first to commit, looks again and finds the same.
create function identity.get_or_create_lead(
    asked_email text, asked_seq bigint, asked_ts timestamptz, asked_event_id text, asked_now timestamptz,
    asked_mailbox text default null
) returns bigint
language plpgsql volatile as $$
declare
    found_lead bigint;
    own_lead bigint;
begin
    loop
        select coalesce(people.person_id, aliases.lead_id), aliases.lead_id into found_lead, own_lead
        from identity.aliases as aliases
        left join identity.people as people on aliases.lead_id = people.lead_id
        where aliases.kind = 'email' and aliases.value = asked_email;
        if found then
            -- A lead that was only claimed is made as if it were new. Of the two the form is the proof.
            update identity.leads
            set only_claimed = false, created_at = asked_now, first_event_seq = asked_seq, is_from_form = true
            where lead_id = found_lead and only_claimed;
            if found then
                update identity.aliases
                set event_seq = asked_seq, linked_at = asked_now
                where kind = 'email' and value = asked_email;
                update identity.traits
                set ts = asked_ts, event_id = asked_event_id, is_history = false
                where lead_id = found_lead and trait = 'email_domain';
            end if;
            return identity.find_mailbox_lead(own_lead, found_lead, asked_email, asked_mailbox);
        end if;
        insert into identity.leads (email, created_at, first_event_seq, is_from_form)
        values (asked_email, asked_now, asked_seq, true)
        on conflict (email) do nothing
        returning leads.lead_id into found_lead;
        if found then
            insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)
            values ('email', asked_email, found_lead, asked_seq, asked_now);
            insert into identity.traits (lead_id, trait, value, ts, event_id)
            values (
                found_lead, 'email_domain', to_jsonb(split_part(asked_email, '@', 2)), asked_ts, asked_event_id
            );
            own_lead := found_lead;
            found_lead := identity.find_mailbox_lead(own_lead, own_lead, asked_email, asked_mailbox);
            if found_lead <> own_lead then
                insert into identity.unannounced_leads (lead_id) values (own_lead);
            end if;
            return found_lead;
        end if;
    end loop;
end
$$;

-- Funnel triggers: whoever writes identity.leads makes days dirty. The functions of analytics that they call are made
-- in 0010_funnel.sql; PL/pgSQL looks them up when it runs.
create function identity.mark_new_leads() returns trigger language plpgsql as $$
begin
    perform analytics.mark_moments(array(select distinct date_bin('15 minutes', created_at, 'epoch') from added));
    return null;
end $$;
create trigger mark_new_leads after insert on identity.leads
referencing new table as added for each statement execute function identity.mark_new_leads();

create function identity.mark_changed_lead() returns trigger language plpgsql as $$
begin
    perform analytics.mark_person(coalesce(old.merged_into, old.lead_id));
    perform analytics.mark_person(coalesce(new.merged_into, new.lead_id));
    perform analytics.mark_person(old.lead_id);
    return null;
end $$;
create function identity.mark_uncounted() returns trigger language plpgsql as $$
begin
    perform analytics.mark_leads(array(select lead_id from changed));
    return null;
end $$;
create trigger mark_uncounted after insert on identity.uncounted_leads
referencing new table as changed for each statement execute function identity.mark_uncounted();
create trigger mark_counted after delete on identity.uncounted_leads
referencing old table as changed for each statement execute function identity.mark_uncounted();

create trigger mark_changed_lead after update of merged_into, campaign, source, created_at on identity.leads
for each row when (
    (old.merged_into, old.campaign, old.source, old.created_at)
    is distinct from (new.merged_into, new.campaign, new.source, new.created_at)
) execute function identity.mark_changed_lead();

-- Published tables: what leads say of themselves and of their persons goes out again. mart.inbox is made in
-- 0028_marts.sql.
create function identity.publish_leads() returns trigger language plpgsql as $$
begin
    insert into mart.inbox (mart, id) select 'leads', changed.lead_id from changed;
    return null;
end $$;
create trigger publish_new_leads after insert on identity.leads
referencing new table as changed for each statement execute function identity.publish_leads();
create trigger publish_changed_leads after update on identity.leads
referencing new table as changed for each statement execute function identity.publish_leads();

-- Whose person is another one, or who counts or no longer counts: so do the stages of the lead.
create function identity.publish_persons() returns trigger language plpgsql as $$
begin
    insert into mart.inbox (mart, id) select 'leads', changed.lead_id from changed;
    insert into mart.inbox (mart, id) select 'transitions', changed.lead_id from changed;
    return null;
end $$;
create trigger publish_new_people after insert on identity.people
referencing new table as changed for each statement execute function identity.publish_persons();
create trigger publish_changed_people after update on identity.people
referencing new table as changed for each statement execute function identity.publish_persons();
create trigger publish_gone_people after delete on identity.people
referencing old table as changed for each statement execute function identity.publish_persons();
create trigger publish_uncounted after insert on identity.uncounted_leads
referencing new table as changed for each statement execute function identity.publish_persons();
create trigger publish_counted after delete on identity.uncounted_leads
referencing old table as changed for each statement execute function identity.publish_persons();

create function identity.publish_traits() returns trigger language plpgsql as $$
begin
    insert into mart.inbox (mart, id) select 'traits', changed.lead_id from changed;
    return null;
end $$;
create trigger publish_new_traits after insert on identity.traits
referencing new table as changed for each statement execute function identity.publish_traits();
create trigger publish_changed_traits after update on identity.traits
referencing new table as changed for each statement execute function identity.publish_traits();
create trigger publish_gone_traits after delete on identity.traits
referencing old table as changed for each statement execute function identity.publish_traits();

-- Takes a simulated visitor out. The role of tasks may delete no such row: the owner's function does, and no other one.
create function identity.remove_canary(lead_id bigint) returns void
language sql volatile security definer set search_path = pg_catalog
as $$
    delete from identity.leads as mine
    using identity.canary_leads as canaries
    where mine.lead_id = canaries.lead_id and canaries.lead_id = remove_canary.lead_id;
$$;
