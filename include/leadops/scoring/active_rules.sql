-- name: find_latest
select
    rule_set_id,
    hash
from scoring.rule_sets
order by rule_set_id desc
limit 1;

-- name: note_rule_file
with forgotten as (
    delete from scoring.rule_files
    where seen_at < %(now)s::timestamptz - interval '1 day' and source <> %(source)s
)

insert into scoring.rule_files as known (source, hash, seen_at)
values (%(source)s, %(hash)s, %(now)s)
on conflict (source) do update
    set hash = excluded.hash, seen_at = greatest(known.seen_at, excluded.seen_at)
    where known.hash <> excluded.hash or known.seen_at < excluded.seen_at - interval '1 minute';

-- name: is_superseded
-- Whether a file is an older one than the active rules, which others still use, and was not put back on purpose.
select
    exists (select from scoring.rule_sets where hash = %(hash)s)
    and exists (
        select from scoring.rule_files
        where hash = %(latest)s and source <> %(source)s and seen_at > %(used_since)s
    )
    and not exists (
        select from scoring.rule_files
        where source = %(source)s and hash = %(latest)s
    );

-- name: insert_rule_set
insert into scoring.rule_sets (hash, body, effective_at, reason)
values (%(hash)s, %(body)s, %(now)s, %(reason)s)
returning rule_set_id;

-- name: read_rule_set
select
    hash,
    body
from scoring.rule_sets
where rule_set_id = %(rule_set_id)s;
