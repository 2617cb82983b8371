-- name: list_kept
-- A reader without a row of its own goes by what any reader changed to last.
with mine as (
    select
        section,
        file,
        hash,
        refused_hash,
        seen_at
    from config.readers
    where reader = %(reader)s
),

newest as (
    select distinct on (section)
        section,
        hash
    from config.kept_settings
    order by section asc, adopted_at desc, hash asc
)

select
    coalesce(mine.section, newest.section) as section,
    mine.file,
    mine.hash as own_hash,
    mine.refused_hash,
    mine.seen_at,
    kept.hash,
    kept.settings,
    kept.line_hashes,
    kept.ends_with_line_end,
    kept.adopted_at
from mine
full join newest on mine.section = newest.section
left join config.kept_settings as kept
    on
        kept.section = coalesce(mine.section, newest.section)
        and kept.hash = coalesce(mine.hash, newest.hash);

-- name: was_in_force
select exists(
    select from config.kept_settings
    where section = %(section)s and hash = %(hash)s
);

-- name: keep_settings
-- A reader that changes back to earlier settings adopts them again; a new reader that has them does not.
insert into config.kept_settings as kept
(section, hash, settings, line_hashes, ends_with_line_end, adopted_at)
values (
    %(section)s, %(hash)s, %(settings)s, %(line_hashes)s::text[], %(ends_with_line_end)s, %(now)s::timestamptz
)
on conflict (section, hash) do update
    set adopted_at = case when %(is_change)s then excluded.adopted_at else kept.adopted_at end;

-- name: note_adopted
insert into config.readers as known (reader, section, file, hash, seen_at)
values (%(reader)s, %(section)s, %(file)s, %(hash)s, %(now)s)
on conflict (reader, section) do update
    set
        file = excluded.file,
        hash = excluded.hash,
        is_usable = true,
        refused_hash = null,
        line = null,
        cause = null,
        refused_since = null,
        seen_at = excluded.seen_at;

-- name: note_refusal
insert into config.readers as known
(reader, section, file, line, cause, hash, is_usable, refused_hash, refused_since, seen_at)
values (
    %(reader)s, %(section)s, %(file)s, %(line)s, %(cause)s, %(hash)s, %(is_usable)s, %(refused_hash)s,
    %(now)s::timestamptz, %(now)s::timestamptz
)
on conflict (reader, section) do update
    set
        file = excluded.file,
        line = excluded.line,
        cause = excluded.cause,
        hash = coalesce(known.hash, excluded.hash),
        is_usable = excluded.is_usable,
        refused_hash = excluded.refused_hash,
        refused_since = coalesce(known.refused_since, excluded.refused_since),
        seen_at = excluded.seen_at;

-- name: forget_reader
delete from config.readers
where reader = %(reader)s and section = %(section)s;

-- name: forget_readers
delete from config.readers
where section = %(section)s;

-- name: forget_settings
delete from config.kept_settings
where section = %(section)s;

-- name: purge_readers
delete from config.readers
where seen_at < %(unseen_since)s;

-- name: purge_settings
delete from config.kept_settings as kept
where
    kept.adopted_at < %(unused_since)s
    and not exists (
        select from config.readers
        where readers.section = kept.section and readers.hash = kept.hash
    )
    and exists (
        select from config.kept_settings as later
        where later.section = kept.section and later.adopted_at > kept.adopted_at
    );
