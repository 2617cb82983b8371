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
