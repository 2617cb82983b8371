-- name: erase_versions
with gone as (
    delete from mart.versions
    where mart = %(mart)s and id = any(%(lead_ids)s::bigint[])
    returning id, row_key, version, happened_at, known_at, content
),

newest as (
    select distinct on (id, row_key) gone.*
    from gone
    order by id asc, row_key asc, version desc
)

insert into mart.versions (mart, id, row_key, version, happened_at, known_at, is_deleted, content)
select
    %(mart)s,
    newest.id,
    newest.row_key,
    newest.version + 1,
    newest.happened_at,
    greatest(newest.known_at, %(now)s),
    true,
    (
        select jsonb_object_agg(told.key, told.value)
        from jsonb_each(newest.content) as told
        where told.key = any(%(kept)s::text[])
    )
from newest
order by newest.id, newest.row_key;
