-- name: read_score
select
    leads.lead_id,
    coalesce(scores.fit, 0) as fit,
    coalesce(scores.behaviour, 0) as behaviour,
    coalesce(scores.model, 0) as model,
    coalesce(scores.total, 0) as total,
    coalesce(
        (select sum(ledger.points) from scoring.ledger as ledger where ledger.lead_id = leads.lead_id), 0
    )::integer as ledger
from identity.leads as leads
left join scoring.scores as scores on leads.lead_id = scores.lead_id
where leads.lead_id = %(lead_id)s;

-- name: list_ledger
select
    ledger.seq,
    ledger.occurred_at,
    ledger.recorded_at,
    ledger.points,
    sum(ledger.points) over (order by ledger.seq)::integer as running,
    ledger.dimension,
    ledger.kind,
    ledger.rule,
    events.event,
    split_part(split_part(events.payload #>> '{context,page}', '?', 1), '#', 1) as page,
    ledger.reason
from scoring.ledger as ledger
left join cdp.events as events on ledger.event_seq = events.seq
where
    ledger.lead_id = %(lead_id)s
    and (%(known_by)s::timestamptz is null or ledger.recorded_at < %(known_by)s::timestamptz)
order by ledger.seq;

-- name: find_first_points
select min(recorded_at) as recorded_at from scoring.ledger
where lead_id = %(lead_id)s;

-- name: list_machine_acts
select
    events.ts as occurred_at,
    events.event,
    acts.mail,
    coalesce(acts.link, events.payload #>> '{context,page}') as link,
    verdicts.signal,
    verdicts.reason,
    case
        when %(known_by)s::timestamptz is null or verdicts.freed_at < %(known_by)s::timestamptz
            then verdicts.freed_because
    end as freed_because
from machines.verdicts as verdicts
inner join cdp.events as events on verdicts.event_seq = events.seq
left join machines.acts as acts on verdicts.lead_id = acts.lead_id and verdicts.event_seq = acts.event_seq
where
    -- A list, and no `or`, so that only these leads are looked up.
    verdicts.lead_id in (
        select people.lead_id from identity.people as people where people.person_id = %(lead_id)s
        union
        select %(lead_id)s
    )
    and (%(known_by)s::timestamptz is null or verdicts.classified_at < %(known_by)s::timestamptz)
order by events.ts, events.seq;

-- name: list_event_points
select
    ledger.seq,
    ledger.lead_id,
    ledger.event_seq,
    case when ledger.kind in ('correction', 'write_off') then ledger.recorded_at else ledger.occurred_at end as at,
    ledger.points,
    ledger.dimension,
    ledger.kind,
    ledger.rule,
    ledger.reason
from scoring.ledger as ledger
where ledger.lead_id = any(%(lead_ids)s::bigint[]) and ledger.event_seq = any(%(event_seqs)s::bigint[])
order by ledger.event_seq, ledger.seq;

-- name: list_other_points
select
    seq,
    lead_id,
    event_seq,
    at,
    points,
    dimension,
    kind,
    rule,
    reason
from (
    select
        ledger.*,
        case when ledger.kind in ('correction', 'write_off') then ledger.recorded_at else ledger.occurred_at end as at
    from scoring.ledger as ledger
    where ledger.lead_id = any(%(lead_ids)s::bigint[]) and ledger.event_seq is null
) as other
where (at, seq) < (%(before)s::timestamptz, %(below)s::bigint)
order by at desc, seq desc
limit %(max_rows)s;

-- name: list_person
-- The leads of a person; one that was never merged is its own.
select people.lead_id
from identity.people as people
where people.person_id = %(person_id)s
union
select %(person_id)s::bigint
order by lead_id;

-- name: list_rule_days
-- How many acts of the leads each rule fits on each day: as award_behaviour of differences.sql, before the caps.
-- `offset 0` asks about each act; a join would read all that was ever taken for a machine's.
with rules as materialized (
    select listed.*
    from jsonb_to_recordset(%(behaviour)s) as listed (name text, event text, condition jsonpath)
)

select
    rules.name as rule,
    (events.ts at time zone %(zone)s)::date as day,
    count(*)::integer as acts
from machines.lead_events as owned
inner join cdp.events as events on owned.event_seq = events.seq
inner join rules
    on
        events.event = rules.event
        and case when rules.condition is null then true else events.payload @@ rules.condition end
where
    owned.lead_id = any(%(lead_ids)s::bigint[])
    and not exists (
        select from machines.uncounted_acts as uncounted
        where uncounted.lead_id = owned.lead_id and uncounted.event_seq = owned.event_seq
        offset 0 -- noqa: AM09
    )
group by rules.name, (events.ts at time zone %(zone)s)::date
order by day, rules.name;

-- name: has_more_acts
select count(*) > %(most)s::bigint as has_more
from (
    select owned.event_seq from machines.lead_events as owned
    where owned.lead_id = any(%(lead_ids)s::bigint[])
    limit %(most)s::bigint + 1 -- noqa: AM09
) as acts;

-- name: list_traits
select distinct traits.trait
from identity.traits as traits
where traits.lead_id = any(%(lead_ids)s::bigint[])
order by traits.trait;

-- name: match_acts
-- The rules that each example fits.
with rules as materialized (
    select listed.*
    from jsonb_to_recordset(%(behaviour)s) as listed (name text, event text, condition jsonpath)
)

select
    acts.place,
    rules.name as rule
from jsonb_to_recordset(%(acts)s) as acts (place integer, event text, payload jsonb)
inner join rules
    on
        acts.event = rules.event
        and case when rules.condition is null then true else acts.payload @@ rules.condition end
order by acts.place, rules.name;

-- name: match_facts
with rules as materialized (
    select listed.*
    from jsonb_to_recordset(%(fit)s) as listed (name text, trait text, condition jsonpath)
)

select
    facts.place,
    rules.name as rule
from jsonb_to_recordset(%(facts)s) as facts (place integer, trait text, value jsonb)
inner join rules on facts.trait = rules.trait and facts.value @@ rules.condition
order by facts.place, rules.name;

-- name: find_waiting
select
    exists(select from scoring.inbox as inbox where inbox.lead_id = any(%(lead_ids)s::bigint[])) as leads,
    exists(select from machines.waiting_acts as acts where acts.lead_id = any(%(lead_ids)s::bigint[])) as acts,
    exists(
        select from scoring.decay_schedule as schedule
        cross join scoring.decay_progress as progress
        where schedule.lead_id = %(person_id)s and schedule.due_on <= progress.decayed_until
    ) as decay;
