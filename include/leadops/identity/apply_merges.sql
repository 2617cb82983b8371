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
