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

-- name: list_new_addresses
-- The addresses that an event of the chunk proves first, a form's included, at domains with a rule.
select
    aliases.value as email,
    aliases.lead_id
from taken
inner join identity.aliases as aliases
    on aliases.kind = 'email' and taken.email = aliases.value and taken.event_seq = aliases.event_seq
where split_part(taken.email, '@', 2) = any(%(domains)s::text[]);

-- name: list_younger
-- Those of the leads that share their mailbox with an older one.
select distinct own.lead_id
from identity.mailboxes as own
inner join identity.leads as leads on own.lead_id = leads.lead_id
where
    own.lead_id = any(%(lead_ids)s::bigint[])
    and exists (
        select from identity.mailboxes as others
        inner join identity.leads as older on others.lead_id = older.lead_id
        where
            others.mailbox = own.mailbox
            and (older.created_at, older.lead_id) < (leads.created_at, leads.lead_id)
    );

-- name: list_shared_mailboxes
select
    own.mailbox,
    min(taken.lane) as lane
from taken
inner join identity.aliases as aliases
    on aliases.kind = 'email' and taken.email = aliases.value and taken.event_seq = aliases.event_seq
inner join identity.mailboxes as own on aliases.value = own.email
where
    split_part(taken.email, '@', 2) = any(%(domains)s::text[])
    and exists (
        select from identity.mailboxes as others
        where others.mailbox = own.mailbox and others.lead_id <> own.lead_id
    )
group by own.mailbox
order by own.mailbox;

-- name: list_unread_addresses
select
    aliases.value as email,
    aliases.lead_id
from identity.aliases as aliases
inner join identity.leads as leads on aliases.lead_id = leads.lead_id and not leads.only_claimed
where
    aliases.kind = 'email'
    and aliases.lead_id = any(%(lead_ids)s::bigint[])
    and split_part(aliases.value, '@', 2) = any(%(domains)s::text[])
    and not exists (select from identity.mailboxes as known where known.email = aliases.value);

-- name: list_shared
-- The mailboxes of these addresses that several leads have.
select distinct own.mailbox
from identity.mailboxes as own
where
    own.email = any(%(emails)s::text[])
    and exists (
        select from identity.mailboxes as others
        where others.mailbox = own.mailbox and others.lead_id <> own.lead_id
    );

-- name: list_all_addresses
select
    aliases.value as email,
    aliases.lead_id
from identity.aliases as aliases
inner join identity.leads as leads on aliases.lead_id = leads.lead_id and not leads.only_claimed
where aliases.kind = 'email' and split_part(aliases.value, '@', 2) = any(%(domains)s::text[]);

-- name: delete_mailboxes
delete from identity.mailboxes;

-- name: insert_mailboxes
insert into identity.mailboxes (email, mailbox, lead_id)
select
    given.email,
    given.mailbox,
    given.lead_id
from unnest(%(emails)s::text[], %(mailboxes)s::text[], %(lead_ids)s::bigint[]) as given (email, mailbox, lead_id)
on conflict (email) do nothing;

-- name: configure_planner
select
    set_config('work_mem', '128MB', true) as work_mem,
    set_config('jit', 'off', true) as jit;

-- name: list_backfilled
-- The identifiers of the chunk that only events of the backfill have shown.
select
    shown.kind,
    shown.value
from chunk
cross join
    lateral (
        values
        ('user_id', chunk.user_id),
        ('anonymous_id', chunk.anonymous_id),
        ('enrichment_id', chunk.enrichment_id)
    ) as shown (kind, value)
where chunk.is_link and shown.value is not null
group by shown.kind, shown.value
having min(chunk.lane) = 1;

-- name: find_tied
-- The leads that identifiers were seen with, that they have merged, or that a split left one person by them.
with asked as (
    select * from unnest(%(kinds)s::text[], %(identifiers)s::text[]) as asked (kind, value)
)

select aliases.lead_id
from asked
inner join identity.aliases as aliases on asked.kind = aliases.kind and asked.value = aliases.value
where aliases.lead_id <> 0
union
select mailboxes.lead_id
from asked
inner join identity.mailboxes as mailboxes on asked.kind = 'mailbox' and asked.value = mailboxes.mailbox
union
select sightings.lead_id
from asked
inner join identity.sightings as sightings on asked.kind = sightings.kind and asked.value = sightings.value
union
select ends.lead_id
from asked
inner join identity.lead_merges as held
    on asked.kind = held.kind and asked.value = held.value and held.undone_at is null
cross join lateral (values (held.older_lead_id), (held.younger_lead_id)) as ends (lead_id)
union
select ends.lead_id
from asked
inner join identity.kept_ties as kept
    on
        (asked.kind = kept.kind and asked.value = kept.value)
        or (asked.kind = kept.other_kind and asked.value = kept.other_value)
cross join lateral (values (kept.lead_id), (kept.other_lead_id)) as ends (lead_id);

-- name: read_merge_settings
select merge_settings from identity.progress;

-- name: find_all_tied
select lead_id
from identity.sightings
union
select lead_id
from identity.people
union
select own.lead_id
from identity.mailboxes as own
where
    exists (
        select from identity.mailboxes as others
        where others.mailbox = own.mailbox and others.lead_id <> own.lead_id
    );

-- name: analyze_ties
-- Many leads are looked up in them at once, and many rows may be newer than what the planner knows.
analyze identity.mailboxes, identity.lead_merges, identity.people, identity.sightings;

-- name: note_merge_settings
insert into identity.progress (last_seq, merge_settings)
values (0, %(merge_settings)s)
on conflict (is_only) do update
    set merge_settings = excluded.merge_settings;

-- name: find_merged
select lead_id from identity.people where lead_id = any(%(lead_ids)s::bigint[]);

-- name: undo_merges
update identity.lead_merges
set undone_at = %(now)s, undone_by = %(undone_by)s, undone_because = %(undone_because)s
from unnest(%(older)s::bigint[], %(younger)s::bigint[]) as undone (older_lead_id, younger_lead_id)
where
    lead_merges.older_lead_id = undone.older_lead_id
    and lead_merges.younger_lead_id = undone.younger_lead_id
    and lead_merges.undone_at is null;

-- name: insert_merges
insert into identity.lead_merges (older_lead_id, younger_lead_id, kind, value, event_seq, merged_at)
select
    older_lead_id,
    younger_lead_id,
    kind,
    value,
    event_seq,
    %(now)s
from
    unnest(
        %(older)s::bigint[], %(younger)s::bigint[], %(kinds)s::text[], %(identifiers)s::text[], %(event_seqs)s::bigint[]
    ) as merged (older_lead_id, younger_lead_id, kind, value, event_seq)
order by event_seq, older_lead_id, younger_lead_id;

-- name: update_people
-- Gives leads their person; null: a person with a single lead.
with moved as (
    select * from unnest(%(lead_ids)s::bigint[], %(persons)s::bigint[]) as moved (lead_id, person_id)
),

single as (
    delete from identity.people
    using moved
    where people.lead_id = moved.lead_id and moved.person_id is null
)

insert into identity.people (lead_id, person_id)
select
    lead_id,
    person_id
from moved
where person_id is not null
on conflict (lead_id) do update set person_id = excluded.person_id;

-- name: update_merged_into
update identity.leads
set merged_into = nullif(moved.person_id, moved.lead_id)
from unnest(%(lead_ids)s::bigint[], %(persons)s::bigint[]) as moved (lead_id, person_id)
where
    leads.lead_id = moved.lead_id
    and leads.merged_into is distinct from nullif(moved.person_id, moved.lead_id);

-- name: enqueue_scoring
insert into scoring.inbox (lead_id, lane)
select
    lead_id,
    %(lane)s
from unnest(%(lead_ids)s::bigint[]) as affected (lead_id)
order by lead_id;

-- name: enqueue_lifecycle
insert into lifecycle.merge_changes (lead_id)
select lead_id
from unnest(%(lead_ids)s::bigint[]) as affected (lead_id)
order by lead_id;

-- name: take_unannounced
delete from identity.unannounced_leads
where lead_id = any(%(lead_ids)s::bigint[])
returning lead_id;

-- name: find_merge
select
    older_lead_id,
    younger_lead_id
from identity.lead_merges
where undone_at is null and merge_id = %(merge_id)s::bigint;

-- name: insert_do_not_merge
insert into identity.do_not_merge (older_lead_id, younger_lead_id, decided_at, decided_by, reason)
values (%(older)s, %(younger)s, %(now)s, %(by)s, %(reason)s)
on conflict (older_lead_id, younger_lead_id) do nothing;

-- name: insert_kept_tie
insert into identity.kept_ties (
    lead_id, kind, value, other_lead_id, other_kind, other_value, split_lead_id, decided_at, decided_by, reason
)
values (
    %(lead)s, %(kind)s, %(value)s, %(other_lead)s, %(other_kind)s, %(other_value)s, %(split_lead)s, %(now)s, %(by)s,
    %(reason)s
)
on conflict (lead_id, other_lead_id, split_lead_id) do update
    set
        kind = excluded.kind,
        value = excluded.value,
        other_kind = excluded.other_kind,
        other_value = excluded.other_value,
        decided_at = excluded.decided_at,
        decided_by = excluded.decided_by,
        reason = excluded.reason;
