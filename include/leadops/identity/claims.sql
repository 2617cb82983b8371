-- name: hold_adopted
update chunk
set lead_id = null, anonymous_id = null
where
    chunk.claimed_email is not null
    and chunk.lead_id is not null
    and not chunk.is_filed
    and not exists (
        select from identity.aliases as own
        where own.kind = 'email' and own.value = chunk.claimed_email and own.lead_id = chunk.lead_id
    );

-- name: record_claims
insert into identity.claims (event_seq, lead_id, reason, received_at)
select
    chunk.event_seq,
    leads.lead_id,
    case
        when leads.lead_id is null then 'unproven_id'
        when leads.only_claimed then 'only_claimed'
        else 'proven_lead'
    end,
    events.received_at
from chunk
inner join cdp.events as events on chunk.event_seq = events.seq
left join identity.aliases as named on named.kind = 'email' and chunk.claimed_email = named.value
left join identity.leads as leads on named.lead_id = leads.lead_id
where chunk.is_claim and chunk.lead_id is null
order by chunk.event_seq
on conflict (event_seq) do nothing;

-- name: record_claimed_browsers
-- The first claim of a browser counts, so that nobody can have its events read for many leads; whatever becomes of that
-- lead, so that it does not matter how runs are cut.
insert into identity.claimed_browsers (anonymous_id, lead_id, event_seq)
select distinct on (chunk.anonymous_id)
    chunk.anonymous_id,
    claims.lead_id,
    chunk.event_seq
from chunk
inner join identity.claims as claims on chunk.event_seq = claims.event_seq
where chunk.is_claim and chunk.anonymous_id is not null and claims.lead_id is not null
order by chunk.anonymous_id asc, chunk.event_seq asc
on conflict (anonymous_id) do nothing;

-- name: delete_resolved
delete from identity.claims
using chunk
where claims.event_seq = chunk.event_seq and chunk.lead_id is not null;

-- name: enqueue_claimed
-- Leads that are only claimed, and whose events this chunk has shown or given to others.
insert into scoring.inbox (lead_id, lane)
select
    leads.lead_id,
    shown.lane
from (
    select
        claims.lead_id,
        chunk.lane
    from chunk
    inner join identity.claims as claims on chunk.event_seq = claims.event_seq
    union
    select
        browsers.lead_id,
        chunk.lane
    from chunk
    inner join identity.claimed_browsers as browsers on chunk.anonymous_id = browsers.anonymous_id
) as shown
inner join identity.leads as leads on shown.lead_id = leads.lead_id and leads.only_claimed;
