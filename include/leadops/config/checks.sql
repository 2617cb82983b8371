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
