-- name: create_mail_acts
-- Their acts through mails. An exempt act is never a machine's, and `is_person` says that its visit shows a person.
create temporary table if not exists mail_acts (
    event_seq bigint not null,
    person_id bigint not null,
    lead_id bigint not null,
    event text not null,
    ts timestamptz not null,
    is_whole boolean not null,
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

-- name: clear_mail_acts
truncate mail_acts;

-- name: list_domains
select distinct split_part(leads.email, '@', 2) as domain
from classified
inner join identity.leads as leads on classified.lead_id = leads.lead_id
where leads.email is not null;

-- name: read_mail_acts
-- Four addresses of a fact at most, so that each is read by one operator. By proof and by claim are two branches, and
-- the claims of leads that are only claimed are looked up: over a union the planner cannot see that a few leads have
-- few events. Which events are acts through mails is marked: others are not looked at.
insert into mail_acts (
    event_seq, person_id, lead_id, event, ts, is_whole, mail, link, delivered_at, agent, network, is_trap,
    is_marked, is_exempt, company
)
select
    events.seq,
    done.person_id,
    done.lead_id,
    events.event,
    events.ts,
    date_trunc('second', events.ts) = events.ts,
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
    left(coalesce(
        nullif(events.payload #>> %(agent_1)s::text[], ''), nullif(events.payload #>> %(agent_2)s::text[], ''),
        nullif(events.payload #>> %(agent_3)s::text[], ''), nullif(events.payload #>> %(agent_4)s::text[], '')
    ), 1000),
    case when pg_input_is_valid(addresses.network, 'inet') then addresses.network::inet end,
    events.event = 'mail_click' and machines.has_mark(events.payload, %(trap)s::text[]),
    events.payload -> 'properties' ?| %(mark_keys)s::text[] and machines.has_mark(events.payload, %(marks)s::text[]),
    events.event = 'unsubscribe' and machines.has_mark(events.payload, %(confirmed)s::text[]),
    %(companies)s::jsonb ->> split_part(leads.email, '@', 2)
from (
    select
        classified.person_id,
        classified.lead_id,
        resolved.event_seq
    from classified
    inner join identity.resolved_events as resolved
        on classified.lead_id = resolved.lead_id and resolved.is_mail_act
    union all
    select
        classified.person_id,
        classified.lead_id,
        claimed.event_seq
    from classified
    inner join identity.leads as named on classified.lead_id = named.lead_id and named.only_claimed
    cross join
        lateral (
            select event_seq from identity.claimed_events as claims
            where claims.lead_id = named.lead_id offset 0 -- noqa: AM09
        ) as claimed
) as done
inner join cdp.events as events on done.event_seq = events.seq
inner join identity.leads as leads on done.lead_id = leads.lead_id
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

-- name: sample_less
-- A tenth of the usual sample says enough about a table that is read once, and costs a tenth.
select set_config('default_statistics_target', '10', true) as target;

-- name: analyze_mail_acts
analyze mail_acts;

-- name: sample_as_usual
select set_config(name, reset_val, true) as target
from pg_settings
where name = 'default_statistics_target';

-- name: allow_acts
-- While nothing is allowed, no act is looked at.
update mail_acts
set is_allowed = true
from machines.allowed as allowed
where
    exists (select from machines.allowed)
    and (
        (allowed.kind = 'company' and allowed.value = mail_acts.company)
        or (allowed.kind = 'mail' and allowed.value = mail_acts.mail)
    );

-- name: list_agents
select distinct agent
from mail_acts
where agent is not null;
