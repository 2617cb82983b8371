-- name: list_person
select lead_id
from (
    select %(person_id)s::bigint as lead_id
    union
    select people.lead_id
    from identity.people as people
    where people.person_id = %(person_id)s::bigint
) as leads
order by lead_id;

-- name: list_identifiers
-- A browser that only claimed to be the lead is the lead's unless it is somebody's.
select
    aliases.kind,
    aliases.value
from identity.aliases as aliases
where aliases.lead_id = any(%(lead_ids)s::bigint[])
union
select
    'email' as kind,
    leads.email as value
from identity.leads as leads
where leads.lead_id = any(%(lead_ids)s::bigint[]) and leads.email is not null
union
-- A mailbox that a split has left to others too would keep them out.
select
    'mailbox' as kind,
    own.mailbox as value
from identity.mailboxes as own
where
    own.lead_id = any(%(lead_ids)s::bigint[])
    and not exists (
        select from identity.mailboxes as others
        where others.mailbox = own.mailbox and others.lead_id <> all(%(lead_ids)s::bigint[])
    )
union
select
    'anonymous_id' as kind,
    browsers.anonymous_id as value
from identity.claimed_browsers as browsers
where
    browsers.lead_id = any(%(lead_ids)s::bigint[])
    and not exists (
        select from identity.aliases as owned
        where
            owned.kind = 'anonymous_id'
            and owned.value = browsers.anonymous_id
            and owned.lead_id <> all(%(lead_ids)s::bigint[])
    )
order by kind, value;

-- name: list_own_events
select event_seq
from identity.resolved_events
where lead_id = any(%(lead_ids)s::bigint[])
union
select event_seq
from identity.claims
where lead_id = any(%(lead_ids)s::bigint[])
union
select event_seq
from identity.unresolved_events
where
    anonymous_id = any(%(anonymous_ids)s::text[])
    or user_id = any(%(user_ids)s::text[])
    or enrichment_id = any(%(enrichment_ids)s::text[])
order by event_seq;

-- name: keep_account
-- The account of a person comes from traits, which go.
update identity.leads
set account_id = known.account_id
from identity.people as people
inner join identity.person_accounts as known on people.person_id = known.lead_id
where
    leads.lead_id = people.lead_id
    and leads.lead_id = any(%(lead_ids)s::bigint[])
    and leads.account_id is distinct from known.account_id;

-- name: erase_leads
update identity.leads
set email = null, erased_at = %(now)s
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_aliases
delete from identity.aliases
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_mailboxes
delete from identity.mailboxes
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_unannounced
delete from identity.unannounced_leads
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_traits
delete from identity.traits
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_claims
delete from identity.claims
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_claimed_browsers
delete from identity.claimed_browsers
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: delete_sightings
delete from identity.sightings
where
    lead_id = any(%(lead_ids)s::bigint[])
    or exists (
        select from unnest(%(kinds)s::text[], %(identifiers)s::text[]) as owned (kind, value)
        where sightings.kind = owned.kind and sightings.value = owned.value
    );

-- name: delete_violations
delete from identity.violations
where
    exists (
        select from unnest(%(kinds)s::text[], %(identifiers)s::text[]) as owned (kind, value)
        where violations.kind = owned.kind and violations.value = owned.value
    )
    or (violations.kind = 'lead' and violations.value = any((%(lead_ids)s::bigint[])::text[]));

-- name: clear_merges
update identity.lead_merges
set
    value = 'erased',
    undone_because = erased.clear_text(undone_because, %(pattern)s)
where older_lead_id = any(%(lead_ids)s::bigint[]) or younger_lead_id = any(%(lead_ids)s::bigint[]);

-- name: clear_ties
update identity.kept_ties
set
    value = 'erased',
    other_value = 'erased',
    reason = erased.clear_text(reason, %(pattern)s)
where
    lead_id = any(%(lead_ids)s::bigint[])
    or other_lead_id = any(%(lead_ids)s::bigint[])
    or split_lead_id = any(%(lead_ids)s::bigint[]);

-- name: clear_decisions
update identity.do_not_merge
set reason = erased.clear_text(reason, %(pattern)s)
where older_lead_id = any(%(lead_ids)s::bigint[]) or younger_lead_id = any(%(lead_ids)s::bigint[]);

-- name: clear_uncounted
update identity.uncounted_leads
set entry = erased.clear_text(entry, %(pattern)s)
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: clear_unresolved
update identity.unresolved_events
set anonymous_id = null, user_id = null, enrichment_id = null
where
    event_seq = any(%(event_seqs)s::bigint[])
    or exists (
        select from unnest(%(kinds)s::text[], %(identifiers)s::text[]) as owned (kind, value)
        where
            (owned.kind = 'anonymous_id' and owned.value = unresolved_events.anonymous_id)
            or (owned.kind = 'user_id' and owned.value = unresolved_events.user_id)
            or (owned.kind = 'enrichment_id' and owned.value = unresolved_events.enrichment_id)
    );

-- name: list_living
select
    aliases.kind,
    aliases.value
from identity.aliases as aliases
union
select
    'email' as kind,
    leads.email as value
from identity.leads as leads
where leads.email is not null;

-- name: find_owner
select aliases.lead_id
from identity.aliases as aliases
where aliases.kind = %(kind)s::text and aliases.value = %(identifier)s::text;

-- name: forget_anonymous_events
-- Sequence numbers follow arrival, so the last old event bounds what is looked at.
with last_old as (
    select events.seq
    from cdp.events as events
    where events.received_at < %(before)s
    order by events.received_at desc
    limit 1
),

old_events as (
    select waiting.event_seq
    from identity.unresolved_events as waiting
    inner join cdp.events as events on waiting.event_seq = events.seq
    where
        waiting.event_seq <= (select last_old.seq from last_old)
        and events.received_at < %(before)s
        and not exists (
            select from identity.claims
            where claims.event_seq = waiting.event_seq and claims.lead_id is not null
        )
    order by waiting.event_seq
    limit %(max_rows)s
)

delete from identity.unresolved_events
using old_events
where unresolved_events.event_seq = old_events.event_seq
returning unresolved_events.event_seq;

-- name: forget_claims
delete from identity.claims
where event_seq = any(%(seqs)s::bigint[]);

-- name: forget_late_events
delete from identity.late_events
where event_seq = any(%(seqs)s::bigint[]);

-- name: find_canary_lead
select lead_id from identity.canary_leads
where email = %(email)s;

-- name: list_canary_events
select event_seq from identity.resolved_events
where lead_id = %(lead_id)s
order by event_seq;

-- name: empty_inbox
delete from identity.inbox
using cdp.events as events
where inbox.event_seq = events.seq and events.event_id = any(%(event_ids)s::text[]);

-- name: remove_canary
with aliases as (
    delete from identity.aliases where lead_id = %(lead_id)s
),

traits as (
    delete from identity.traits where lead_id = %(lead_id)s
),

resolved as (
    delete from identity.resolved_events where lead_id = %(lead_id)s
),

uncounted as (
    delete from identity.uncounted_leads where lead_id = %(lead_id)s
)

select identity.remove_canary(%(lead_id)s);
