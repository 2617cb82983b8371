-- name: list_internal_entries
select
    kind,
    value
from identity.internal_entries;

-- name: replace_internal_entries
insert into identity.internal_entries (kind, value)
select
    kind,
    value
from unnest(%(kinds)s::text[], %(entries)s::text[]) as wanted (kind, value)
on conflict (kind, value) do nothing;

-- name: forget_internal_entries
delete from identity.internal_entries
where not kind || ' ' || value = any(%(entries)s::text[]);

-- name: list_concerned
-- Leads that do not count, those that the entries name, and those that were seen in own networks.
select lead_id from identity.uncounted_leads
union
select leads.lead_id
from identity.leads as leads
inner join identity.internal_entries as entries on identity.is_named(leads.email, entries.kind, entries.value)
union
select located.lead_id
from identity.located_events as located
where located.own_network;

-- name: list_network_leads
-- Leads whose events the chunk has shown, and of whom one came from an own network, or who do not count.
with shown as (
    select
        lead_id,
        event_seq
    from taken
    where lead_id is not null
    union all
    select
        lead_id,
        event_seq
    from chunk
    where lead_id is not null
    union all
    select
        claims.lead_id,
        chunk.event_seq
    from chunk
    inner join identity.claims as claims on chunk.event_seq = claims.event_seq
    where claims.lead_id is not null
    union all
    select
        browsers.lead_id,
        chunk.event_seq
    from chunk
    inner join identity.claimed_browsers as browsers on chunk.anonymous_id = browsers.anonymous_id
)

select shown.lead_id
from shown
inner join cdp.events as events on shown.event_seq = events.seq and events.own_network
union
select shown.lead_id
from shown
inner join identity.uncounted_leads as uncounted on shown.lead_id = uncounted.lead_id
order by lead_id;

-- name: refresh_uncounted
select changed.lead_id
from identity.refresh_uncounted(%(leads)s::bigint[], %(now)s::timestamptz) as changed (lead_id)
order by changed.lead_id;

-- name: enqueue_scoring
insert into scoring.inbox (lead_id, lane)
select
    lead_id,
    %(lane)s
from unnest(%(lead_ids)s::bigint[]) as changed (lead_id)
order by lead_id;

-- name: analyze_inbox
-- Scoring takes many leads at once: known as empty, the inbox would be searched once for each of them.
analyze scoring.inbox;

-- name: enqueue_lifecycle
-- Lifecycle finds out for which of them it has recorded anything.
insert into lifecycle.merge_changes (lead_id)
select lead_id
from unnest(%(lead_ids)s::bigint[]) as changed (lead_id)
order by lead_id;

-- name: list_unannounced
-- Those of the leads that count again that were never announced to the MA.
select changed.lead_id
from unnest(%(lead_ids)s::bigint[]) as changed (lead_id)
inner join identity.counted_again as freed on changed.lead_id = freed.lead_id
where
    not freed.was_announced
    and not exists (select from identity.uncounted_leads as uncounted where uncounted.lead_id = changed.lead_id)
order by changed.lead_id;

-- name: find_uncounted
select
    reason,
    entry,
    since
from identity.uncounted_leads
where lead_id = %(lead_id)s;
