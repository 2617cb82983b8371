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
    case when pg_input_is_valid(addresses.network, 'inet') then addresses.network::inet end,
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
