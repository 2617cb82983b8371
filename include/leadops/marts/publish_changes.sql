-- name: take_noted
-- By mart: the ids, each with when it was last noted.
with taken as (
    delete from mart.inbox
    where
        ctid = any(
            array(
                select inbox.ctid
                from mart.inbox as inbox
                order by inbox.ctid
                limit %(max_rows)s
            )
        )
    returning mart, id, noted_at
),

noted as (
    select
        mart,
        id,
        count(*) as notes,
        max(noted_at) as noted_at
    from taken
    group by mart, id
)

select
    mart,
    array_agg(id order by id) as ids,
    array_agg(noted_at order by id) as noted_at,
    sum(notes)::integer as notes
from noted
group by mart
order by mart;

-- name: append_versions
-- What differs from the newest version follows it. A row that is gone is followed by what it said last, as deleted; of
-- a personal mart by its key alone.
with noted as (
    select
        noted.id,
        least(noted.noted_at, %(now)s) as noted_at
    from unnest(%(ids)s::bigint[], %(noted_at)s::timestamptz[]) as noted (id, noted_at)
),

present as materialized (
    select
        id,
        row_key,
        happened_at,
        known_at,
        content
    from mart.present_rows
    where mart = %(mart)s and id = any(%(ids)s::bigint[])
),

newest as materialized (
    select distinct on (id, row_key)
        id,
        row_key,
        version,
        happened_at,
        known_at,
        is_deleted,
        content
    from mart.versions
    where mart = %(mart)s and id = any(%(ids)s::bigint[])
    order by id asc, row_key asc, version desc
)

insert into mart.versions (mart, id, row_key, version, happened_at, known_at, is_deleted, content)
select
    %(mart)s,
    noted.id,
    coalesce(present.row_key, newest.row_key),
    coalesce(newest.version, 0) + 1,
    coalesce(present.happened_at, newest.happened_at),
    case
        when newest.version is null then present.known_at
        else greatest(newest.known_at, noted.noted_at)
    end,
    present.id is null,
    coalesce(
        present.content,
        (
            select jsonb_object_agg(told.key, told.value)
            from jsonb_each(newest.content) as told
            where %(kept)s::text[] is null or told.key = any(%(kept)s::text[])
        )
    )
from present
full join newest on present.id = newest.id and present.row_key = newest.row_key
inner join noted on coalesce(present.id, newest.id) = noted.id
where
    case
        when newest.id is null then true
        when present.id is null then not newest.is_deleted
        else newest.is_deleted or present.content - 'known_at' <> newest.content - 'known_at'
    end
order by noted.id, coalesce(present.row_key, newest.row_key);

-- name: forget_followed
-- Of personal data the newest version is enough.
delete from mart.versions as followed
where
    followed.mart = %(mart)s
    and followed.id = any(%(ids)s::bigint[])
    and exists (
        select from mart.versions as newer
        where
            newer.mart = followed.mart
            and newer.id = followed.id
            and newer.row_key = followed.row_key
            and newer.version > followed.version
    );
