-- name: create_mail_acts
-- Their acts through mails. An exempt act is never a machine's, and `is_person` says that its visit shows a person.
create temporary table if not exists mail_acts (
    event_seq bigint not null,
    person_id bigint not null,
    lead_id bigint not null,
    event text not null,
    ts timestamptz not null,
    mail text,
    link text,
    delivered_at timestamptz,
    agent text,
    network inet,
    is_trap boolean not null,
    is_marked boolean not null,
    company text,
    is_exempt boolean not null,
    is_person boolean not null default false,
    is_allowed boolean not null default false
) on commit delete rows;

-- name: create_owned_acts
create temporary table if not exists owned_acts (
    event_seq bigint not null,
    person_id bigint not null,
    lead_id bigint not null
) on commit delete rows;

-- name: clear_mail_acts
truncate owned_acts, mail_acts;

-- name: sample_less
-- A tenth of the usual sample says enough about tables that are read once, and costs a tenth.
select set_config('default_statistics_target', '10', true) as target;

-- name: analyze_classified
analyze classified;

-- name: own_acts
-- Which events are acts through mails is marked: others are not looked at.
insert into owned_acts (event_seq, person_id, lead_id)
select
    resolved.event_seq,
    classified.person_id,
    classified.lead_id
from classified
inner join identity.resolved_events as resolved
    on classified.lead_id = resolved.lead_id and resolved.is_mail_act;

-- name: own_claimed_acts
-- What is only claimed is not filed: it is looked up for the leads that are only claimed.
insert into owned_acts (event_seq, person_id, lead_id)
select
    claimed.event_seq,
    classified.person_id,
    classified.lead_id
from classified
inner join identity.leads as named on classified.lead_id = named.lead_id and named.only_claimed
cross join
    lateral (
        select event_seq from identity.claimed_events as claims
        where claims.lead_id = named.lead_id offset 0 -- noqa: AM09
    ) as claimed;

-- name: analyze_owned_acts
analyze owned_acts;

-- name: read_mail_acts
-- Four addresses of a fact at most, so that each is read by one operator. The planner knows how many and which acts are
-- owned, and hashes these, not the events with all that they hold. A cast to varchar cuts what is too long, and does
-- not count the letters of what is short.
insert into mail_acts (
    event_seq, person_id, lead_id, event, ts, mail, link, delivered_at, agent, network, is_trap, is_marked, is_exempt
)
select
    events.seq,
    owned_acts.person_id,
    owned_acts.lead_id,
    events.event,
    events.ts,
    machines.bound_text(coalesce(
        nullif(events.payload #>> %(mail_1)s::text[], ''), nullif(events.payload #>> %(mail_2)s::text[], ''),
        nullif(events.payload #>> %(mail_3)s::text[], ''), nullif(events.payload #>> %(mail_4)s::text[], '')
    )),
    case
        when events.event = 'mail_click'
            -- What follows # stays in the browser.
            then machines.bound_text(split_part(coalesce(
                nullif(events.payload #>> %(link_1)s::text[], ''), nullif(events.payload #>> %(link_2)s::text[], ''),
                nullif(events.payload #>> %(link_3)s::text[], ''), nullif(events.payload #>> %(link_4)s::text[], '')
            ), '#', 1))
    end,
    machines.read_moment(coalesce(
        nullif(events.payload #>> %(delivered_1)s::text[], ''), nullif(events.payload #>> %(delivered_2)s::text[], ''),
        nullif(events.payload #>> %(delivered_3)s::text[], ''), nullif(events.payload #>> %(delivered_4)s::text[], '')
    )),
    coalesce(
        nullif(events.payload #>> %(agent_1)s::text[], ''), nullif(events.payload #>> %(agent_2)s::text[], ''),
        nullif(events.payload #>> %(agent_3)s::text[], ''), nullif(events.payload #>> %(agent_4)s::text[], '')
    )::varchar(1000),
    machines.cast_network(addresses.network),
    events.event = 'mail_click' and machines.has_mark(events.payload, %(trap)s::text[]),
    events.payload -> 'properties' ?| %(mark_keys)s::text[] and machines.has_mark(events.payload, %(marks)s::text[]),
    events.event = 'unsubscribe' and machines.has_mark(events.payload, %(confirmed)s::text[])
from owned_acts
inner join cdp.events as events on owned_acts.event_seq = events.seq
cross join
    lateral (
        select
            coalesce(
                nullif(events.payload #>> %(network_1)s::text[], ''),
                nullif(events.payload #>> %(network_2)s::text[], ''),
                nullif(events.payload #>> %(network_3)s::text[], ''),
                nullif(events.payload #>> %(network_4)s::text[], '')
            ) as network
    ) as addresses
where events.event = any(%(events)s::text[]);

-- name: analyze_mail_acts
analyze mail_acts (event_seq, person_id, lead_id, event, ts, mail);

-- name: sample_as_usual
select set_config(name, reset_val, true) as target
from pg_settings
where name = 'default_statistics_target';

-- name: summarize_acts
-- One look at the acts says which of the signals have anything to look at.
select
    agent,
    bool_or(event = 'mail_click') as has_clicks,
    bool_or(event = 'mail_delivered' or delivered_at is not null) as has_deliveries,
    bool_or(network is not null) as has_networks,
    bool_or(is_trap) as has_traps,
    bool_or(is_marked) as has_marks
from mail_acts
group by agent;

-- name: list_allowed
select
    kind,
    value
from machines.allowed;

-- name: list_domains
-- The mail domains of the leads that clicked, or of all that did anything.
select distinct split_part(leads.email, '@', 2) as domain
from mail_acts
inner join identity.leads as leads on mail_acts.lead_id = leads.lead_id
where leads.email is not null and (mail_acts.event = 'mail_click' or not %(of_clicks)s);

-- name: name_companies
-- Only clicks are compared with those of others of the company.
update mail_acts
set company = named.company
from identity.leads as leads
inner join unnest(%(domains)s::text[], %(companies)s::text[]) as named (domain, company)
    on split_part(leads.email, '@', 2) = named.domain
where mail_acts.event = 'mail_click' and mail_acts.lead_id = leads.lead_id;

-- name: allow_domains
update mail_acts
set is_allowed = true
from identity.leads as leads
where mail_acts.lead_id = leads.lead_id and split_part(leads.email, '@', 2) = any(%(domains)s::text[]);

-- name: allow_mails
update mail_acts
set is_allowed = true
where mail = any(%(mails)s::text[]);

-- name: forget_acts
-- Acts that were the classified leads', and are another's or nobody's now. Only clicks count for others.
with gone as (
    delete from machines.acts
    where
        lead_id in (select classified.lead_id from classified)
        and not exists (
            select from mail_acts
            where mail_acts.event_seq = acts.event_seq and mail_acts.lead_id = acts.lead_id
        )
    returning event, company, link, ts
)

select
    company,
    link,
    ts
from gone
where event = 'mail_click' and company is not null and link is not null;

-- name: change_acts
with changed as (
    update machines.acts
    set mail = mail_acts.mail, link = mail_acts.link, company = mail_acts.company
    from mail_acts
    where
        acts.lead_id = mail_acts.lead_id
        and acts.event_seq = mail_acts.event_seq
        and (acts.mail, acts.link, acts.company) is distinct from (mail_acts.mail, mail_acts.link, mail_acts.company)
    returning acts.event, acts.company, acts.link, acts.ts
)

select
    company,
    link,
    ts
from changed
where event = 'mail_click' and company is not null and link is not null;

-- name: list_new_clicks
select
    mail_acts.company,
    mail_acts.link,
    mail_acts.ts
from mail_acts
where
    mail_acts.event = 'mail_click'
    and mail_acts.company is not null
    and mail_acts.link is not null
    and not exists (
        select from machines.acts as same
        where same.lead_id = mail_acts.lead_id and same.event_seq = mail_acts.event_seq
    );

-- name: keep_acts
insert into machines.acts (lead_id, event_seq, event, ts, mail, link, company)
select
    mail_acts.lead_id,
    mail_acts.event_seq,
    mail_acts.event,
    mail_acts.ts,
    mail_acts.mail,
    mail_acts.link,
    mail_acts.company
from mail_acts
where
    mail_acts.event <> 'mail_delivered'
    and not exists (
        select from machines.acts as same
        where same.lead_id = mail_acts.lead_id and same.event_seq = mail_acts.event_seq
    )
order by mail_acts.lead_id, mail_acts.event_seq;

-- name: allow
insert into machines.allowed (kind, value, allowed_at, allowed_by, reason)
values (%(kind)s, %(value)s, %(now)s, %(by)s, %(reason)s)
on conflict (kind, value) do nothing;

-- name: disallow
delete from machines.allowed
where kind = %(kind)s and value = %(value)s;

-- name: list_allowed_acts
select
    kind,
    value,
    allowed_at,
    allowed_by,
    reason
from machines.allowed
order by allowed_at, kind, value;

-- name: list_domains_below
-- The mail domains that may be this company's: its own, and those below it.
select distinct split_part(email, '@', 2) as domain
from identity.leads
where right('.' || split_part(email, '@', 2), length(%(company)s::text) + 1) = '.' || %(company)s::text;

-- name: enqueue_domains
insert into scoring.inbox (lead_id, lane)
select distinct
    acts.lead_id,
    %(lane)s::smallint
from machines.acts as acts
inner join identity.leads as leads on acts.lead_id = leads.lead_id
where split_part(leads.email, '@', 2) = any(%(domains)s::text[]);

-- name: enqueue_mail
insert into scoring.inbox (lead_id, lane)
select distinct
    lead_id,
    %(lane)s::smallint
from machines.acts
where mail = %(mail)s;
