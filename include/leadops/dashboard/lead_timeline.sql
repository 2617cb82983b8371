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
