-- name: create_related
create temporary table if not exists related (
    lead_id bigint primary key
) on commit delete rows;

-- name: clear_related
truncate related;

-- name: find_related
-- The leads asked for, and the clusters that they are in: tied by an identifier that was seen with the emails of
-- both, merged so far, or kept one person by a split. `offset 0` has mailboxes looked up: right after many came, the
-- planner would search all of them for each lead.
with recursive reached (lead_id) as (
    select unnest(%(lead_ids)s::bigint[])
    union
    select other.lead_id
    from reached
    cross join
        lateral (
            select
                tied.lead_id
            from (
                select
                    own.kind,
                    own.value
                from identity.aliases as own
                where own.lead_id = reached.lead_id and own.confirmed_seq is not null
                union all
                select
                    sightings.kind,
                    sightings.value
                from identity.sightings as sightings
                where sightings.lead_id = reached.lead_id
            ) as shown
            inner join identity.aliases as holder
                on shown.kind = holder.kind and shown.value = holder.value and holder.lead_id <> 0
            cross join
                lateral (
                    select holder.lead_id
                    where holder.confirmed_seq is not null
                    union all
                    select others.lead_id
                    from identity.sightings as others
                    where shown.kind = others.kind and shown.value = others.value
                ) as tied
            where shown.kind = any(%(kinds)s::text[])
            union all
            select others.lead_id
            from identity.mailboxes as own
            cross join
                lateral (
                    select same.lead_id
                    from identity.mailboxes as same
                    where own.mailbox = same.mailbox
                    offset 0 -- noqa: AM09
                ) as others
            where own.lead_id = reached.lead_id
            union all
            select held.older_lead_id
            from identity.lead_merges as held
            where held.younger_lead_id = reached.lead_id and held.undone_at is null
            union all
            select held.younger_lead_id
            from identity.lead_merges as held
            where held.older_lead_id = reached.lead_id and held.undone_at is null
            union all
            select kept.other_lead_id
            from identity.kept_ties as kept
            where kept.lead_id = reached.lead_id
            union all
            select kept.lead_id
            from identity.kept_ties as kept
            where kept.other_lead_id = reached.lead_id
        ) as other
)

insert into related (lead_id)
select lead_id from reached;

-- name: analyze_related
analyze related;

-- name: list_related
select
    leads.lead_id,
    leads.email,
    leads.created_at,
    people.person_id
from related
inner join identity.leads as leads on related.lead_id = leads.lead_id
left join identity.people as people on related.lead_id = people.lead_id;

-- name: list_merges
select
    older_lead_id as older,
    younger_lead_id as younger,
    kind,
    value,
    event_seq
from identity.lead_merges
where undone_at is null and younger_lead_id in (select related.lead_id from related);

-- name: list_do_not_merge
select
    older_lead_id,
    younger_lead_id
from identity.do_not_merge
where younger_lead_id in (select related.lead_id from related);

-- name: list_kept
select
    lead_id as lead,
    kind,
    value,
    other_lead_id as other_lead,
    other_kind,
    other_value,
    split_lead_id as split_lead
from identity.kept_ties
where lead_id in (select related.lead_id from related);

-- name: list_witnesses
-- With which of the related leads' emails each identifier was seen, where it was seen with several.
select
    aliases.kind,
    aliases.value,
    aliases.lead_id as lead,
    aliases.confirmed_seq as event_seq
from related
inner join identity.aliases as aliases on related.lead_id = aliases.lead_id
where
    aliases.kind = any(%(kinds)s::text[])
    and aliases.confirmed_seq is not null
    and exists (
        select from identity.sightings as others
        where aliases.kind = others.kind and aliases.value = others.value
    )
union all
select
    sightings.kind,
    sightings.value,
    sightings.lead_id,
    sightings.event_seq
from related
inner join identity.sightings as sightings on related.lead_id = sightings.lead_id
inner join identity.aliases as aliases
    on sightings.kind = aliases.kind and sightings.value = aliases.value and aliases.lead_id <> 0
where sightings.kind = any(%(kinds)s::text[])
union all
-- Seq 0 for an address that an import brought.
select
    'mailbox' as kind,
    own.mailbox as value,
    own.lead_id as lead,
    coalesce(min(aliases.event_seq), 0) as event_seq
from related
inner join identity.mailboxes as own on related.lead_id = own.lead_id
inner join identity.aliases as aliases on aliases.kind = 'email' and own.email = aliases.value
group by own.mailbox, own.lead_id;
