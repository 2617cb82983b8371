with forgotten as (
    delete from scoring.rule_files
    where seen_at < %(now)s - interval '1 day' and source <> %(source)s
)

insert into scoring.rule_files as known (source, hash, seen_at)
values (%(source)s, %(hash)s, %(now)s)
on conflict (source) do update
    set hash = excluded.hash, seen_at = greatest(known.seen_at, excluded.seen_at)
    where known.hash <> excluded.hash or known.seen_at < excluded.seen_at - interval '1 minute'
