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

-- name: list_gate
with newest as (
    select distinct on (section)
        section,
        hash,
        settings,
        since
    from config.gated_settings
    order by section asc, number desc
)

select
    newest.section,
    newest.hash,
    newest.settings,
    newest.since,
    files.hash as own_hash,
    files.seen_at
from newest
left join config.gated_files as files on newest.section = files.section and files.reader = %(reader)s;

-- name: list_in_force
select distinct on (section)
    section,
    hash,
    settings,
    since
from config.gated_settings
order by section asc, number desc;

-- name: find_last_number
select coalesce(max(number), 0) from config.gated_settings;

-- name: list_in_force_at
-- The newest that began by then; of a section that began later, the oldest.
select distinct on (section)
    section,
    hash,
    settings,
    since
from config.gated_settings
order by
    section asc,
    since > %(at)s::timestamptz asc,
    case when since <= %(at)s::timestamptz then -number else number end asc;

-- name: list_gated_files
select
    files.reader,
    files.section,
    files.file,
    files.hash,
    files.settings,
    files.is_first,
    exists(
        select from config.gated_settings as earlier
        where earlier.section = files.section and earlier.hash = files.hash
    ) as was_in_force,
    files.changed_at,
    files.seen_at
from config.gated_files as files
inner join (
    select distinct on (section)
        section,
        hash
    from config.gated_settings
    order by section asc, number desc
) as newest on files.section = newest.section and files.hash <> newest.hash
order by files.changed_at desc, files.reader asc, files.section asc;

-- name: list_users
select
    files.section,
    array_agg(files.reader order by files.reader) as readers
from config.gated_files as files
inner join (
    select distinct on (section)
        section,
        hash
    from config.gated_settings
    order by section asc, number desc
) as newest on files.section = newest.section and files.hash = newest.hash
where files.seen_at > %(seen_since)s
group by files.section;

-- name: note_file
insert into config.gated_files as known (reader, section, file, hash, settings, is_first, changed_at, seen_at)
values (%(reader)s, %(section)s, %(file)s, %(hash)s, %(settings)s, true, %(now)s, %(now)s)
on conflict (reader, section) do update
    set
        file = excluded.file,
        hash = excluded.hash,
        settings = excluded.settings,
        is_first = known.is_first and known.hash = excluded.hash,
        changed_at = case when known.hash = excluded.hash then known.changed_at else excluded.changed_at end,
        seen_at = excluded.seen_at;

-- name: forget_files
delete from config.gated_files
where seen_at < %(unseen_since)s;

-- name: put_in_force
insert into config.gated_settings (section, hash, settings, reason, since)
select
    %(section)s,
    %(hash)s,
    %(settings)s,
    %(reason)s,
    %(now)s
where
    %(hash)s is distinct from (
        select newest.hash from config.gated_settings as newest
        where newest.section = %(section)s
        order by newest.number desc
        limit 1
    );

-- name: forget_former
-- What is in force stays, however old it is.
delete from config.gated_settings
where number in (
    select former.number
    from config.gated_settings as former
    where
        former.since < %(before)s
        and exists (
            select from config.gated_settings as later
            where later.section = former.section and later.number > former.number and later.since < %(before)s
        )
    order by former.number
    limit %(max_rows)s
);

-- name: list_refused
-- The first reader that refused a file says why; the worst says whether anything is in force.
select
    readers.section,
    (array_agg(readers.file order by readers.refused_since, readers.reader))[1] as file,
    (array_agg(readers.line order by readers.refused_since, readers.reader))[1] as line,
    (array_agg(readers.cause order by readers.refused_since, readers.reader))[1] as cause,
    array_agg(readers.reader order by readers.reader) as readers,
    min(readers.refused_since) as refused_since,
    case
        when bool_and(readers.is_usable)
            then coalesce(
                max(kept.adopted_at),
                (select max(gated.since) from config.gated_settings as gated where gated.section = readers.section)
            )
    end as in_force_since
from config.readers
left join config.kept_settings as kept on readers.section = kept.section and readers.hash = kept.hash
where readers.refused_hash is not null and readers.seen_at >= %(seen_since)s
group by readers.section
order by readers.section;
