-- name: describe_lead
-- The person of a lead, by their oldest lead.
select
    person.lead_id,
    person.email,
    person.created_at,
    person.erased_at is not null as is_erased,
    person.only_claimed,
    accounts.domain,
    array(
        select people.lead_id from identity.people as people
        where people.person_id = person.lead_id
        order by people.lead_id
    ) as members
from identity.leads as asked
left join identity.people as joined on asked.lead_id = joined.lead_id
inner join identity.leads as person on coalesce(joined.person_id, asked.lead_id) = person.lead_id
left join identity.person_accounts as companies on person.lead_id = companies.lead_id
left join identity.accounts as accounts on companies.account_id = accounts.account_id
where asked.lead_id = %(lead_id)s;

-- name: list_traits
select
    traits.trait,
    traits.value #>> '{}' as value
from identity.person_traits as traits
where traits.lead_id = %(person_id)s
order by traits.trait;

-- name: list_best_rules
-- What gave the most points, and still does.
select
    rule,
    sum(points)::integer as points
from scoring.ledger
where lead_id = %(person_id)s and kind <> 'decay'
group by rule
having sum(points) > 0
order by sum(points) desc, rule asc
limit %(max_rows)s;

-- name: find_stage
select
    reached.stage,
    reached.cycle,
    reached.occurred_at
from lifecycle.current_transitions as reached
where reached.lead_id = %(person_id)s
order by
    reached.cycle desc,
    array_position(array['mql', 'sal', 'sql', 'lost', 'won'], reached.stage) desc
limit 1;

-- name: find_place
-- Where routing has the person's newest cycle.
select
    places.state,
    places.rep_id,
    places.queue,
    places.since,
    places.moves
from routing.leads as places
where places.lead_id = %(person_id)s
order by places.cycle desc
limit 1;

-- name: list_open_clocks
select
    clocks.clock,
    clocks.state,
    clocks.started_at,
    clocks.due_at
from sla.clocks as clocks
where
    clocks.lead_id = %(person_id)s
    and clocks.state in ('running', 'at_risk', 'held', 'breached')
    and clocks.stopped_at is null
order by clocks.due_at, clocks.clock;

-- name: list_events
-- What the leads did, the latest first; claims too. Of a page's address what may follow the path stays away. Only the
-- acts that arrived last are looked at: their times are not in an index.
with owned as materialized (
    select
        newest.lead_id,
        newest.event_seq
    from unnest(%(lead_ids)s::bigint[]) as asked (lead_id)
    cross join
        lateral (
            select
                acts.lead_id,
                acts.event_seq
            from machines.lead_events as acts
            where acts.lead_id = asked.lead_id
            order by acts.event_seq desc
            limit %(max_acts)s
        ) as newest
    order by newest.event_seq desc
    limit %(max_acts)s
)

select
    owned.event_seq as number,
    events.ts as at,
    owned.lead_id,
    events.event,
    events.proof,
    events.is_history,
    split_part(split_part(events.payload #>> '{context,page}', '?', 1), '#', 1) as page,
    events.payload #>> '{context,utm,campaign}' as campaign,
    events.payload #>> '{context,utm,source}' as source,
    events.payload -> 'properties' as properties,
    verdicts.signal,
    verdicts.reason as signal_reason,
    verdicts.freed_because,
    exists(select from machines.waiting_acts as waiting where waiting.event_seq = owned.event_seq) as waits
from owned
inner join cdp.events as events on owned.event_seq = events.seq
left join machines.verdicts as verdicts on owned.event_seq = verdicts.event_seq
where (events.ts, owned.event_seq) < (%(before)s::timestamptz, %(below)s::bigint)
order by events.ts desc, owned.event_seq desc
limit %(max_rows)s;

-- name: list_activities
-- What sales did in the CRM. An id of the CRM is text: where two happened at one moment, its hash orders them.
select
    keyed.number,
    activities.occurred_at as at,
    activities.kind,
    activities.status,
    activities.rep_id,
    activities.recorded_at
from crm.activities as activities
cross join
    lateral (select hashtextextended(activities.activity_id, 0) & 4611686018427387903 as number) as keyed
where
    activities.crm_lead_id in (
        select known.external_id from lifecycle.crm_leads as known
        where known.lead_id = any(%(lead_ids)s::bigint[])
        union
        select links.crm_lead_id from lifecycle.links as links
        where links.lead_id = any(%(lead_ids)s::bigint[])
    )
    and (activities.occurred_at, keyed.number) < (%(before)s::timestamptz, %(below)s::bigint)
order by activities.occurred_at desc, keyed.number desc
limit %(max_rows)s;

-- name: list_calls
-- What leadops asked of the MA and the CRM for these leads, and what became of it.
select
    calls.outbox_id as number,
    calls.created_at as at,
    calls.lead_id,
    calls.target,
    calls.operation,
    calls.state,
    calls.attempts,
    calls.settled_at,
    calls.not_before,
    calls.may_have_arrived,
    calls.error,
    case when calls.operation = 'set_owner' then calls.payload ->> 'owner_id' end as rep_id
from delivery.outbox as calls
where
    calls.lead_id = any(%(lead_ids)s::bigint[])
    and (calls.created_at, calls.outbox_id) < (%(before)s::timestamptz, %(below)s::bigint)
order by calls.created_at desc, calls.outbox_id desc
limit %(max_rows)s;

-- name: list_statements
-- What operators and imports noted about mail. What the person and the CRM said is among the acts and activities.
select
    statements.statement_id as number,
    statements.said_at as at,
    statements.lead_id,
    statements.word,
    statements.noted_by as by,
    nullif(statements.because, '') as quote
from consent.statements as statements
where statements.lead_id = any(%(lead_ids)s::bigint[])
order by statements.said_at, statements.statement_id;

-- name: list_clocks
select
    clocks.clock_id as number,
    clocks.started_at as at,
    clocks.cycle,
    clocks.clock,
    clocks.state,
    clocks.due_at,
    clocks.target_minutes,
    clocks.stopped_at,
    clocks.stopped_by,
    clocks.business_minutes,
    clocks.evidence ? 'handed_over' as is_handed_over
from sla.clocks as clocks
where clocks.lead_id = any(%(lead_ids)s::bigint[])
order by clocks.started_at, clocks.clock_id;

-- name: list_undelivered
-- Which of these rows of the ledger the MA does not have, and why.
select
    missing.ledger_seq,
    max(missing.why) as why
from delivery.undelivered_deltas as missing
where missing.target = 'ma' and missing.ledger_seq = any(%(ledger_seqs)s::bigint[])
group by missing.ledger_seq;

-- name: list_created
select
    leads.lead_id as number,
    leads.created_at as at,
    leads.lead_id,
    leads.campaign,
    leads.source,
    leads.is_from_form,
    leads.first_event_seq is null as is_imported,
    leads.erased_at
from identity.leads as leads
where leads.lead_id = any(%(lead_ids)s::bigint[])
order by leads.lead_id;

-- name: find_by_number
-- The lead of this number, and leads that the MA or the CRM knows by it.
select
    known.lead_id,
    known.found_by
from (
    select
        leads.lead_id,
        'number' as found_by
    from identity.leads as leads
    where leads.lead_id = %(lead_id)s::bigint
    union all
    select
        ids.lead_id,
        ids.target as found_by
    from delivery.external_ids as ids
    where ids.target in ('ma', 'crm') and ids.external_id = %(external_id)s
) as known
order by known.found_by desc, known.lead_id asc
limit %(max_rows)s;

-- name: find_by_mail
-- Addresses that begin with the text, letter by letter, by the index aliases_email.
select
    aliases.lead_id,
    'mail' as found_by
from identity.aliases as aliases
where
    aliases.kind = 'email'
    and aliases.value collate "C" >= %(prefix)s::text
    and aliases.value collate "C" < %(above)s::text
order by aliases.value collate "C"
limit %(max_rows)s;

-- name: find_by_company
-- Companies whose name, as it is compared, begins with one of the two texts.
select
    traits.lead_id,
    'company' as found_by
from identity.traits as traits
where
    traits.trait = 'company'
    and identity.read_company(traits.value, traits.comparable) collate "C" >= %(prefix)s::text
    and identity.read_company(traits.value, traits.comparable) collate "C" < %(above)s::text
order by identity.read_company(traits.value, traits.comparable) collate "C"
limit %(max_rows)s;

-- name: find_by_domain
select
    leads.lead_id,
    'domain' as found_by
from (
    select
        accounts.account_id,
        accounts.domain
    from identity.accounts as accounts
    where accounts.domain collate "C" >= %(prefix)s::text and accounts.domain collate "C" < %(above)s::text
    order by accounts.domain collate "C"
    limit %(max_rows)s
) as named
inner join identity.leads as leads on named.account_id = leads.account_id
order by named.domain collate "C", leads.lead_id
limit %(max_rows)s;

-- name: describe_leads
-- Each person once, by their oldest lead, in the order in which they were found.
with found as (
    select
        coalesce(people.person_id, named.lead_id) as lead_id,
        min(named.place) as place,
        (array_agg(named.found_by order by named.place))[1] as found_by,
        (array_agg(named.lead_id order by named.place))[1] as found_lead_id
    from unnest(%(lead_ids)s::bigint[], %(found_by)s::text[]) with ordinality as named (lead_id, found_by, place)
    left join identity.people as people on named.lead_id = people.lead_id
    group by coalesce(people.person_id, named.lead_id)
)

select
    found.lead_id,
    found.found_by,
    found.found_lead_id,
    leads.email,
    leads.erased_at is not null as is_erased,
    (
        select traits.value #>> '{}' from identity.person_traits as traits
        where traits.lead_id = found.lead_id and traits.trait = 'company'
    ) as company,
    accounts.domain,
    coalesce(scores.fit, 0) as fit,
    coalesce(scores.behaviour, 0) as behaviour,
    coalesce(scores.total, 0) as total,
    (
        select reached.stage from lifecycle.current_transitions as reached
        where reached.lead_id = found.lead_id
        order by reached.cycle desc, array_position(array['mql', 'sal', 'sql', 'lost', 'won'], reached.stage) desc
        limit 1
    ) as stage
from found
inner join identity.leads as leads on found.lead_id = leads.lead_id
left join identity.person_accounts as companies on found.lead_id = companies.lead_id
left join identity.accounts as accounts on companies.account_id = accounts.account_id
left join scoring.scores as scores on found.lead_id = scores.lead_id
order by found.place;
