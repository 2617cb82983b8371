-- name: list_events
-- Every event in the order in which it was resolved, with what it says about a person, as event_chunk.sql reads it.
-- Waiting events are left out: the resolver has not seen them.
select
    events.seq as event_seq,
    case when proofs.is_proven then lower(btrim(events.email) collate "C") end as email,
    case
        when
            proofs.is_proven
            and events.event = any(%(trait_events)s::text[])
            and (events.proof <> 'verified' or %(trust_claims)s)
            then identity.read_id(
                events.payload -> 'properties', %(enrichment_id)s::text[], %(placeholders)s::text[]
            )
    end as enrichment_id,
    case when proofs.is_proven then events.user_id end as user_id,
    events.anonymous_id,
    lower(btrim(events.email) collate "C") as named_email
from cdp.events as events
cross join lateral (select events.proof <> 'claim' or %(trust_claims)s as is_proven) as proofs
left join identity.late_events as late on events.seq = late.event_seq
where
    not exists (select from identity.inbox as waiting where waiting.event_seq = events.seq)
    -- Events of the erased name nobody.
    and num_nonnulls(events.email, events.user_id, events.anonymous_id) > 0
order by coalesce(late.after_seq, events.seq) asc, late.late_id asc nulls first;

-- name: list_known_leads
-- Emails whose lead no resolver made: an import, or a form that could not wait.
select
    aliases.value as email,
    aliases.lead_id,
    coalesce(aliases.event_seq, 0) as event_seq
from identity.aliases as aliases
inner join identity.leads as leads on aliases.lead_id = leads.lead_id
where
    aliases.kind = 'email'
    and (leads.is_from_form or leads.first_event_seq is null or aliases.event_seq is null)
    and not leads.only_claimed;

-- name: list_numbers
-- In the order in which their events were resolved. That of the numbers is another where claims came first.
select leads.lead_id
from identity.leads as leads
left join identity.late_events as late on leads.first_event_seq = late.event_seq
where
    leads.first_event_seq is not null
    and not leads.is_from_form
    and not leads.only_claimed
    and leads.erased_at is null
order by coalesce(late.after_seq, leads.first_event_seq) asc, late.late_id asc nulls first, leads.lead_id asc;

-- name: count_merges
select count(*) from identity.lead_merges where undone_at is null and value <> 'erased';

-- name: list_leads
select
    lead_id,
    email,
    created_at,
    first_event_seq,
    is_from_form or first_event_seq is null as is_known
from identity.leads
where not only_claimed and erased_at is null;

-- name: list_aliases
select
    kind,
    value,
    lead_id,
    event_seq,
    confirmed_seq
from identity.aliases
where kind in ('enrichment_id', 'user_id', 'anonymous_id');

-- name: list_sightings
select
    kind,
    value,
    lead_id,
    event_seq
from identity.sightings;

-- name: list_resolved
select
    resolved.event_seq,
    resolved.lead_id
from identity.resolved_events as resolved
where
    not exists (
        select from identity.leads as gone
        where gone.lead_id = resolved.lead_id and gone.erased_at is not null
    );

-- name: list_do_not_merge
select
    older_lead_id,
    younger_lead_id
from identity.do_not_merge;

-- name: list_kept
select
    lead_id as lead,
    kind,
    value,
    other_lead_id as other_lead,
    other_kind,
    other_value,
    split_lead_id as split_lead
from identity.kept_ties;

-- name: list_merges
select
    older_lead_id as older,
    younger_lead_id as younger,
    kind,
    value,
    event_seq
from identity.lead_merges
where undone_at is null and value <> 'erased';

-- name: list_people
select
    leads.lead_id,
    people.person_id,
    leads.merged_into
from identity.leads as leads
left join identity.people as people on leads.lead_id = people.lead_id
where (people.person_id is not null or leads.merged_into is not null) and leads.erased_at is null;
