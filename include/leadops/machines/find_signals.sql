-- name: create_found
create temporary table if not exists found_acts (
    event_seq bigint not null,
    person_id bigint not null,
    lead_id bigint not null,
    signal text not null,
    strength integer not null,
    reason text not null
) on commit delete rows;

-- name: clear_found
truncate found_acts;

-- name: find_moments
-- Acts of one mail so close together that no person did them. Times that are whole seconds only say which second it
-- was: there a mail opened and a link clicked is what a person can do. One of two such acts is a click: people who only
-- opened mails are left out before their acts are paired.
insert into found_acts (event_seq, person_id, lead_id, signal, strength, reason)
select distinct on (acts.event_seq)
    acts.event_seq,
    acts.person_id,
    acts.lead_id,
    'same_moment',
    2,
    case
        when others.is_trap then 'a trap link of the same mail was fetched'
        when acts.event = 'mail_click' and others.event = 'mail_click' then 'another link of the same mail was fetched'
        else 'the same mail was opened and a link fetched'
    end
    || ' within ' || %(seconds)s::double precision || ' s'
from mail_acts as acts
inner join mail_acts as others
    on
        acts.person_id = others.person_id
        and acts.event_seq <> others.event_seq
        and others.ts >= acts.ts - make_interval(secs => %(seconds)s)
        and others.ts <= acts.ts + make_interval(secs => %(seconds)s)
        and coalesce(acts.mail, '') = coalesce(others.mail, '')
where
    acts.event in ('mail_open', 'mail_click')
    and acts.person_id in (select clicks.person_id from mail_acts as clicks where clicks.event = 'mail_click')
    and others.event in ('mail_open', 'mail_click')
    and not others.is_person
    and (
        (acts.ts <> date_trunc('second', acts.ts) and others.ts <> date_trunc('second', others.ts))
        or date_trunc('second', acts.ts) = date_trunc('second', others.ts)
    )
    and case
        when others.is_trap then true
        when acts.event = 'mail_click' and others.event = 'mail_click' then acts.link <> others.link
        when acts.ts = date_trunc('second', acts.ts) or others.ts = date_trunc('second', others.ts) then false
        -- Many mail services note an open with the first click, at the same time.
        when acts.event = 'mail_open' and others.event = 'mail_click' then acts.ts < others.ts
        when acts.event = 'mail_click' and others.event = 'mail_open' then others.ts < acts.ts
        else false
    end
order by acts.event_seq asc, others.is_trap desc, others.event asc;

-- name: find_traps
insert into found_acts (event_seq, person_id, lead_id, signal, strength, reason)
select
    event_seq,
    person_id,
    lead_id,
    'trap_link',
    1,
    'a link that people do not see was fetched'
from mail_acts
where is_trap;

-- name: find_marked
insert into found_acts (event_seq, person_id, lead_id, signal, strength, reason)
select
    event_seq,
    person_id,
    lead_id,
    'marked',
    0,
    'the mail service marks it as a machine''s'
from mail_acts
where is_marked and event in ('mail_open', 'mail_click', 'unsubscribe');

-- name: find_early
-- A delivery that is reported as later than the act is a clock that is wrong, and not evidence.
with delivered as (
    select
        event_seq,
        person_id,
        lead_id
    from mail_acts
    where
        event in ('mail_open', 'mail_click', 'unsubscribe')
        and ts >= delivered_at
        and ts < delivered_at + make_interval(secs => %(seconds)s)
    union
    select
        acts.event_seq,
        acts.person_id,
        acts.lead_id
    from mail_acts as deliveries
    inner join mail_acts as acts
        on
            deliveries.person_id = acts.person_id
            and deliveries.mail = acts.mail
            and acts.event in ('mail_open', 'mail_click', 'unsubscribe')
            and deliveries.ts <= acts.ts
            and deliveries.ts > acts.ts - make_interval(secs => %(seconds)s)
    where deliveries.event = 'mail_delivered'
)

insert into found_acts (event_seq, person_id, lead_id, signal, strength, reason)
select
    event_seq,
    person_id,
    lead_id,
    'after_delivery',
    4,
    'it came within ' || %(seconds)s::double precision || ' s of the delivery of its mail'
from delivered;

-- name: find_agents
insert into found_acts (event_seq, person_id, lead_id, signal, strength, reason)
select
    event_seq,
    person_id,
    lead_id,
    'agent',
    3,
    'its user agent is a machine''s: ' || left(agent, 80)
from mail_acts
where agent = any(%(agents)s::text[]) and event in ('mail_open', 'mail_click', 'unsubscribe');

-- name: find_networks
-- An address is looked up once for each length of the listed networks: a thousand networks cost no more than ten.
with listed as (
    select distinct given.network::cidr as network
    from unnest(%(networks)s::inet[]) as given (network)
),

lengths as (
    select distinct
        family(network) as family,
        masklen(network) as bits
    from listed
)

insert into found_acts (event_seq, person_id, lead_id, signal, strength, reason)
select distinct on (mail_acts.event_seq)
    mail_acts.event_seq,
    mail_acts.person_id,
    mail_acts.lead_id,
    'network',
    3,
    'its network is a machine''s: ' || listed.network
from mail_acts
inner join lengths
    on family(mail_acts.network) = lengths.family and masklen(mail_acts.network) >= lengths.bits
inner join listed
    on
        listed.network
        = case
            when family(mail_acts.network) = lengths.family then network(set_masklen(mail_acts.network, lengths.bits))
        end
where mail_acts.event in ('mail_open', 'mail_click', 'unsubscribe')
order by mail_acts.event_seq asc, masklen(listed.network) desc;

-- name: drop_exempt
-- What a person confirmed, or an operator allowed, is a machine's by no signal.
delete from found_acts
using mail_acts as acts
where found_acts.event_seq = acts.event_seq and (acts.is_exempt or acts.is_person or acts.is_allowed);

-- name: find_unsubscribes
-- A machine that fetches all links of a mail fetches the one that unsubscribes, too.
insert into found_acts (event_seq, person_id, lead_id, signal, strength, reason)
select distinct on (acts.event_seq)
    acts.event_seq,
    acts.person_id,
    acts.lead_id,
    'same_moment',
    2,
    'a machine fetched other links of the same mail within ' || %(seconds)s::double precision || ' s'
from mail_acts as acts
inner join mail_acts as others
    on
        acts.person_id = others.person_id
        and others.ts >= acts.ts - make_interval(secs => %(seconds)s)
        and others.ts <= acts.ts + make_interval(secs => %(seconds)s)
        and coalesce(acts.mail, '') = coalesce(others.mail, '')
where
    acts.event = 'unsubscribe'
    and not acts.is_exempt
    and not acts.is_allowed
    and others.event = 'mail_click'
    and others.event_seq in (select found_acts.event_seq from found_acts);

-- name: has_found
select exists(select from found_acts);

-- name: find_companies
insert into found_acts (event_seq, person_id, lead_id, signal, strength, reason)
select
    acts.event_seq,
    acts.person_id,
    acts.lead_id,
    'many_people',
    5,
    'the link was fetched for ' || others.leads || ' people of ' || acts.company || ' within '
    || %(seconds)s::double precision || ' s'
from mail_acts as acts
cross join
    lateral (
        select count(distinct kept.lead_id) as leads
        from machines.acts as kept
        where
            kept.event = 'mail_click'
            and kept.company = acts.company
            and kept.link = acts.link
            and kept.ts >= acts.ts - make_interval(secs => %(seconds)s)
            and kept.ts <= acts.ts + make_interval(secs => %(seconds)s)
    ) as others
where acts.event = 'mail_click' and others.leads >= %(people)s;

-- name: list_neighbours
-- Leads whose acts a changed act may add to, or take from, those of many people.
select distinct others.lead_id
from unnest(%(companies)s::text[], %(links)s::text[], %(moments)s::timestamptz[]) as changed (company, link, ts)
inner join machines.acts as others
    on
        changed.company = others.company
        and changed.link = others.link
        and others.event = 'mail_click'
        and others.ts >= changed.ts - make_interval(secs => %(seconds)s)
        and others.ts <= changed.ts + make_interval(secs => %(seconds)s)
where others.lead_id not in (select classified.lead_id from classified)
order by others.lead_id;
