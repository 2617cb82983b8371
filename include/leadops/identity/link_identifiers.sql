-- name: create_new_aliases
create temporary table if not exists new_aliases (
    kind text not null,
    value text not null,
    lead_id bigint not null,
    event_seq bigint not null,
    until_seq bigint,
    confirmed_seq bigint
) on commit delete rows;

-- name: create_assigned
create temporary table if not exists assigned (
    event_seq bigint not null,
    lead_id bigint not null
) on commit delete rows;

-- name: clear_new_aliases
truncate new_aliases, assigned;

-- name: copy_new_aliases
copy new_aliases (kind, value, lead_id, event_seq, until_seq, confirmed_seq) from stdin;

-- name: copy_assigned
copy assigned (event_seq, lead_id) from stdin;

-- name: analyze_new_aliases
analyze new_aliases, assigned;

-- name: assign_events
update chunk
set lead_id = assigned.lead_id
from assigned
where chunk.event_seq = assigned.event_seq;

-- name: insert_aliases
insert into identity.aliases (kind, value, lead_id, event_seq, linked_at, confirmed_seq)
select
    kind,
    value,
    case when until_seq is null then lead_id else 0 end,
    event_seq,
    %(now)s,
    confirmed_seq
from new_aliases;

-- name: adopt_chunk
-- Events of this chunk that were nobody's, and have an identifier that was linked by now.
with found as (
    select
        chunk.event_seq,
        new_aliases.lead_id
    from chunk
    inner join new_aliases on new_aliases.kind = 'enrichment_id' and chunk.enrichment_id = new_aliases.value
    where chunk.lead_id is null and chunk.event_seq < coalesce(new_aliases.until_seq, chunk.event_seq + 1)
    union all
    select
        chunk.event_seq,
        new_aliases.lead_id
    from chunk
    inner join new_aliases on new_aliases.kind = 'user_id' and chunk.user_id = new_aliases.value
    where chunk.lead_id is null and chunk.event_seq < coalesce(new_aliases.until_seq, chunk.event_seq + 1)
    union all
    select
        chunk.event_seq,
        new_aliases.lead_id
    from chunk
    inner join new_aliases on new_aliases.kind = 'anonymous_id' and chunk.anonymous_id = new_aliases.value
    where chunk.lead_id is null and chunk.event_seq < coalesce(new_aliases.until_seq, chunk.event_seq + 1)
)

update chunk
set lead_id = found.lead_id
from found
where chunk.event_seq = found.event_seq;

-- name: adopt_unresolved
-- Earlier events that were nobody's, and have an identifier that was linked by now: they join the chunk. An event
-- with several has them all from one lead, for they were tied together when it came; and by one event, whose lane
-- they take.
with found as (
    select
        waiting.event_seq,
        new_aliases.lead_id,
        new_aliases.event_seq as linking_seq
    from new_aliases
    inner join identity.unresolved_events as waiting on new_aliases.value = waiting.enrichment_id
    where new_aliases.kind = 'enrichment_id'
    union
    select
        waiting.event_seq,
        new_aliases.lead_id,
        new_aliases.event_seq as linking_seq
    from new_aliases
    inner join identity.unresolved_events as waiting on new_aliases.value = waiting.user_id
    where new_aliases.kind = 'user_id'
    union
    select
        waiting.event_seq,
        new_aliases.lead_id,
        new_aliases.event_seq as linking_seq
    from new_aliases
    inner join identity.unresolved_events as waiting on new_aliases.value = waiting.anonymous_id
    where new_aliases.kind = 'anonymous_id'
),

moved as (
    delete from identity.unresolved_events as waiting
    using found
    where waiting.event_seq = found.event_seq
    returning waiting.event_seq, waiting.anonymous_id, found.lead_id, found.linking_seq
)

insert into chunk (
    event_seq, tells_traits, is_mail_act, says_consent, is_link, lead_id, lane, anonymous_id, claimed_email
)
select
    moved.event_seq,
    events.event = any(%(trait_events)s::text[]),
    nullif(events.event = any(%(mail_events)s::text[]), false),
    nullif(cdp.says_consent(events.event, events.proof, events.payload), false),
    false,
    moved.lead_id,
    coalesce(linking.lane, 0),
    moved.anonymous_id,
    lower(btrim(events.email) collate "C") -- an event that waits although it names an email is a claim
from moved
inner join cdp.events as events on moved.event_seq = events.seq
left join chunk as linking on moved.linking_seq = linking.event_seq;

-- name: copy_sightings
copy identity.sightings (kind, value, lead_id, event_seq) from stdin;

-- name: release_shared
-- Known identifiers that were seen with too many emails: nobody's from now on.
update identity.aliases
set lead_id = 0
from unnest(%(kinds)s::text[], %(identifiers)s::text[]) as shared (kind, value)
where aliases.kind = shared.kind and aliases.value = shared.value;

-- name: confirm_aliases
update identity.aliases
set confirmed_seq = confirmed.event_seq
from unnest(%(kinds)s::text[], %(identifiers)s::text[], %(event_seqs)s::bigint[]) as confirmed (kind, value, event_seq)
where aliases.kind = confirmed.kind and aliases.value = confirmed.value;

-- name: list_sightings
-- What is known already of the identifiers that this chunk shows with another lead's email.
select distinct
    sightings.kind,
    sightings.value,
    sightings.lead_id,
    sightings.event_seq
from chunk
cross join
    lateral (
        values
        ('enrichment_id', chunk.enrichment_id, chunk.enrichment_lead),
        ('user_id', chunk.user_id, chunk.user_lead),
        ('anonymous_id', chunk.anonymous_id, chunk.anonymous_lead)
    ) as shown (kind, value, lead_id)
inner join identity.sightings as sightings on shown.kind = sightings.kind and shown.value = sightings.value
where chunk.is_link and chunk.email is not null and shown.lead_id <> chunk.lead_id;

-- name: count_identifiers
-- How many identifiers the leads have that this chunk may give more.
with leads as (
    select distinct known.lead_id
    from chunk
    cross join
        lateral (
            values (chunk.lead_id), (chunk.enrichment_lead), (chunk.user_lead), (chunk.anonymous_lead)
        ) as known (lead_id)
    where chunk.is_link and known.lead_id > 0
)

select
    leads.lead_id,
    count(*) as identifiers
from leads
inner join identity.aliases as aliases on leads.lead_id = aliases.lead_id
where aliases.kind not in ('email', 'crm_id')
group by leads.lead_id;

-- name: list_unconfirmed
-- Identifiers that this chunk shows with their own lead's email, and that had come to it by others until now.
select distinct
    aliases.kind,
    aliases.value
from chunk
cross join
    lateral (
        values
        ('enrichment_id', chunk.enrichment_id, chunk.enrichment_lead),
        ('user_id', chunk.user_id, chunk.user_lead),
        ('anonymous_id', chunk.anonymous_id, chunk.anonymous_lead)
    ) as shown (kind, value, lead_id)
inner join identity.aliases as aliases on shown.kind = aliases.kind and shown.value = aliases.value
where
    chunk.is_link
    and chunk.email is not null
    and shown.lead_id = chunk.lead_id
    and aliases.confirmed_seq is null;

-- name: list_links
-- The events that tie identifiers, and the waiting events of before that tie more to them, in their order.
with recursive reached (kind, value) as (
    (
        select
            free.kind,
            free.value
        from chunk
        cross join
            lateral (
                values
                ('enrichment_id', chunk.enrichment_id, chunk.enrichment_lead),
                ('user_id', chunk.user_id, chunk.user_lead),
                ('anonymous_id', chunk.anonymous_id, chunk.anonymous_lead)
            ) as free (kind, value, lead_id)
        where chunk.is_link and free.value is not null and free.lead_id is null
    )
    union
    select
        tied.kind,
        tied.value
    from reached
    cross join
        lateral (
            select
                enrichment_id,
                user_id,
                anonymous_id
            from identity.unresolved_events
            where reached.kind = 'enrichment_id' and reached.value = enrichment_id
            union all
            select
                enrichment_id,
                user_id,
                anonymous_id
            from identity.unresolved_events
            where reached.kind = 'user_id' and reached.value = user_id
            union all
            select
                enrichment_id,
                user_id,
                anonymous_id
            from identity.unresolved_events
            where
                reached.kind = 'anonymous_id'
                and reached.value = anonymous_id
                and num_nonnulls(user_id, enrichment_id) > 0
        ) as waiting
    cross join
        lateral (
            values
            ('enrichment_id', waiting.enrichment_id),
            ('user_id', waiting.user_id),
            ('anonymous_id', waiting.anonymous_id)
        ) as tied (kind, value)
    where tied.value is not null
),

-- `offset 0` has the few identifiers looked up: as a join it would read all events that wait.
waiting as (
    select found.*
    from reached
    cross join
        lateral (
            select
                event_seq,
                enrichment_id,
                user_id,
                anonymous_id
            from identity.unresolved_events
            where enrichment_id = reached.value and num_nonnulls(user_id, anonymous_id) > 0
            offset 0 -- noqa: AM09
        ) as found
    where reached.kind = 'enrichment_id'
    union
    select found.*
    from reached
    cross join
        lateral (
            select
                event_seq,
                enrichment_id,
                user_id,
                anonymous_id
            from identity.unresolved_events
            where user_id = reached.value and anonymous_id is not null
            offset 0 -- noqa: AM09
        ) as found
    where reached.kind = 'user_id'
)

select
    waiting.event_seq,
    0 as email_lead,
    waiting.enrichment_id,
    waiting.user_id,
    waiting.anonymous_id,
    by_enrichment.lead_id as enrichment_lead,
    by_user.lead_id as user_lead,
    by_anonymous.lead_id as anonymous_lead,
    false as is_new
from waiting
left join identity.aliases as by_enrichment
    on by_enrichment.kind = 'enrichment_id' and waiting.enrichment_id = by_enrichment.value
left join identity.aliases as by_user on by_user.kind = 'user_id' and waiting.user_id = by_user.value
left join identity.aliases as by_anonymous
    on by_anonymous.kind = 'anonymous_id' and waiting.anonymous_id = by_anonymous.value
union all
select
    event_seq,
    case when email is null then 0 else lead_id end,
    enrichment_id,
    user_id,
    anonymous_id,
    enrichment_lead,
    user_lead,
    anonymous_lead,
    true
from chunk
where is_link
order by is_new, event_seq;

-- name: record_violations
insert into identity.violations (kind, value, guard, event_seq, times, seen_at)
select
    kind,
    value,
    guard,
    event_seq,
    times,
    %(now)s
from
    unnest(
        %(kinds)s::text[], %(identifiers)s::text[], %(guards)s::text[], %(event_seqs)s::bigint[], %(times)s::integer[]
    ) as seen (kind, value, guard, event_seq, times)
on conflict (guard, kind, value) do update
    set times = violations.times + excluded.times, seen_at = excluded.seen_at;

-- name: list_violations
select
    guard,
    kind,
    value,
    event_seq,
    times,
    seen_at
from identity.violations
where settled_at is null or settled_at < seen_at
order by seen_at desc, guard asc, kind asc, value asc;

-- name: settle_violations
update identity.violations
set settled_at = %(now)s
where seen_at <= %(now)s and (settled_at is null or settled_at < seen_at);
