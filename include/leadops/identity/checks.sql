-- name: count_violations
with open_ones as (
    select
        guard,
        kind,
        value,
        seen_at
    from identity.violations
    where settled_at is null or settled_at < seen_at
),

involved as (
    select
        open_ones.guard,
        sightings.lead_id
    from open_ones
    inner join identity.sightings as sightings
        on open_ones.kind = sightings.kind and open_ones.value = sightings.value
    where open_ones.guard = 'emails'
    union
    select
        guard,
        value::bigint as lead_id
    from open_ones
    where guard in ('identifiers', 'merges')
)

select
    guard,
    count(*) as violations,
    min(seen_at) as first_at,
    array_agg(distinct kind order by kind) as kinds,
    array(
        select involved.lead_id from involved
        where involved.guard = open_ones.guard
        order by involved.lead_id
        limit 5
    ) as lead_ids
from open_ones
group by guard;

-- name: count_claims
-- No row below `least`, so that a quiet hour does not cost a count of all events.
with counted as (
    select
        count(*) as claims,
        count(*) filter (where claims.reason = 'proven_lead') as proven_lead,
        count(*) filter (where claims.reason = 'only_claimed') as only_claimed,
        count(*) filter (where claims.reason = 'unproven_id') as unproven_id,
        count(distinct events.anonymous_id) as browsers
    from identity.claims as claims
    inner join cdp.events as events on claims.event_seq = events.seq
    where claims.received_at >= %(since)s::timestamptz and not claims.reason = any(%(ignored)s::text[])
    having count(*) >= %(least)s::double precision
)

select
    counted.*,
    (select count(*) from cdp.events where received_at >= %(since)s::timestamptz) as events
from counted;

-- name: count_networks
select
    coalesce(sum(located_events) filter (where starts_at >= %(since)s::timestamptz), 0)::bigint as located_events,
    coalesce(sum(own_events) filter (where starts_at >= %(since)s::timestamptz), 0)::bigint as own_events,
    coalesce(sum(located_events) filter (where starts_at < %(since)s::timestamptz), 0)::bigint as usual_located_events,
    coalesce(sum(own_events) filter (where starts_at < %(since)s::timestamptz), 0)::bigint as usual_own_events,
    (
        select count(*) from identity.uncounted_leads as uncounted
        where uncounted.entry = 'own networks' and uncounted.since >= %(since)s::timestamptz
    ) as leads
from cdp.site_traffic
where starts_at >= %(usual_since)s::timestamptz and starts_at < %(until)s::timestamptz;
