-- name: find_lead
select
    leads.lead_id,
    coalesce(people.person_id, leads.lead_id) as person_id
from identity.leads as leads
left join identity.people as people on leads.lead_id = people.lead_id
where
    leads.lead_id = coalesce(
        %(lead_id)s::bigint,
        (
            select aliases.lead_id from identity.aliases as aliases
            where aliases.kind = 'email' and aliases.value = %(email)s
        )
    );

-- name: find_person
select
    leads.lead_id,
    leads.email,
    leads.created_at,
    leads.only_claimed,
    accounts.domain as account,
    (select count(*) from identity.person_events as events where events.lead_id = leads.lead_id) as events,
    array(
        select people.lead_id from identity.people as people
        where people.person_id = leads.lead_id
        order by people.lead_id
    ) as members
from identity.leads as leads
left join identity.person_accounts as companies on leads.lead_id = companies.lead_id
left join identity.accounts as accounts on companies.account_id = accounts.account_id
where leads.lead_id = %(person_id)s;

-- name: list_own_identifiers
select
    aliases.kind,
    aliases.value,
    aliases.linked_at,
    events.event,
    events.ts,
    events.event_id,
    (
        select count(*) from identity.sightings as sightings
        where sightings.kind = aliases.kind and sightings.value = aliases.value
    ) as other_leads,
    aliases.lead_id,
    aliases.event_seq is null as is_imported,
    events.proof
from identity.aliases as aliases
left join cdp.events as events on aliases.event_seq = events.seq
where aliases.lead_id = any(%(lead_ids)s::bigint[])
order by
    aliases.event_seq,
    array_position(array['email', 'crm_id', 'enrichment_id', 'user_id', 'anonymous_id'], aliases.kind);

-- name: list_foreign_identifiers
-- Identifiers that were seen with an email of this person, and belong to somebody else or to nobody.
select
    sightings.kind,
    sightings.value,
    aliases.lead_id,
    events.event,
    events.ts,
    events.event_id
from identity.sightings as sightings
inner join identity.aliases as aliases on sightings.kind = aliases.kind and sightings.value = aliases.value
left join cdp.events as events on sightings.event_seq = events.seq
where sightings.lead_id = any(%(lead_ids)s::bigint[]) and aliases.lead_id <> all(%(lead_ids)s::bigint[])
order by sightings.event_seq, sightings.kind;

-- name: list_claims
-- The newest first: claims that name an email of the person, what the browsers did that first claimed it, and claims
-- that name a user id of the person. Of each, how many there are: too many to show is what a flood looks like.
with touching as (
    select
        claims.event_seq,
        claims.reason,
        leads.only_claimed as has_points
    from identity.claims as claims
    inner join identity.leads as leads on claims.lead_id = leads.lead_id
    where claims.lead_id = any(%(lead_ids)s::bigint[])
    union all
    select
        waiting.event_seq,
        'claimed_browser' as reason,
        leads.only_claimed as has_points
    from identity.claimed_browsers as browsers
    inner join identity.leads as leads on browsers.lead_id = leads.lead_id
    inner join identity.unresolved_events as waiting on browsers.anonymous_id = waiting.anonymous_id
    where
        browsers.lead_id = any(%(lead_ids)s::bigint[])
        and not exists (select from identity.claims as claims where claims.event_seq = waiting.event_seq)
    union all
    select
        claims.event_seq,
        claims.reason,
        false as has_points
    from identity.claims as claims
    inner join cdp.events as events on claims.event_seq = events.seq
    inner join identity.aliases as known on known.kind = 'user_id' and events.user_id = known.value
    where claims.lead_id is null and known.lead_id = any(%(lead_ids)s::bigint[])
)

select
    events.event,
    events.ts,
    events.event_id,
    events.anonymous_id,
    touching.reason,
    touching.has_points,
    count(*) over () as claims
from touching
inner join cdp.events as events on touching.event_seq = events.seq
order by touching.event_seq desc
limit %(max_rows)s;

-- name: list_merges
select
    held.merge_id,
    held.older_lead_id as older,
    held.younger_lead_id as younger,
    held.kind,
    held.value,
    events.event,
    events.ts,
    events.event_id,
    held.merged_at,
    held.undone_at,
    held.undone_by,
    held.undone_because
from identity.lead_merges as held
left join cdp.events as events on held.event_seq = events.seq
where held.older_lead_id = any(%(lead_ids)s::bigint[]) or held.younger_lead_id = any(%(lead_ids)s::bigint[])
order by held.merge_id;
