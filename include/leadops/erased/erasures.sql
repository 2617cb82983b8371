-- name: insert_erasure
-- The same leads at the same moment are the same erasure.
with known as (
    select erasures.erasure_id
    from erased.erasures as erasures
    where erasures.lead_ids = %(lead_ids)s::bigint[] and erasures.erased_at = %(erased_at)s
),

added as (
    insert into erased.erasures (lead_ids, erased_at, day_ends_at, erased_by, key_check)
    select
        %(lead_ids)s::bigint[],
        %(erased_at)s::timestamptz,
        %(day_ends_at)s::timestamptz,
        %(erased_by)s::text,
        %(key_check)s::text
    where not exists (select from known)
    returning erasure_id
)

select known.erasure_id from known
union all
select added.erasure_id from added;

-- name: insert_hashes
insert into erased.identifiers (hash, erasure_id, erased_at, day_ends_at)
select
    hash,
    %(erasure_id)s::bigint,
    %(erased_at)s::timestamptz,
    %(day_ends_at)s::timestamptz
from unnest(%(known_hashes)s::text[]) as given (hash)
on conflict (hash) do update
    set
        erasure_id = excluded.erasure_id,
        erased_at = excluded.erased_at,
        day_ends_at = excluded.day_ends_at,
        returned_at = null
    where identifiers.erased_at < excluded.erased_at;

-- name: restore_hash
insert into erased.identifiers (hash, erasure_id, erased_at, day_ends_at, returned_at)
values (
    %(hash)s, %(erasure_id)s::bigint, %(erased_at)s::timestamptz, %(day_ends_at)s::timestamptz,
    %(returned_at)s::timestamptz
)
on conflict (hash) do update
    set
        erasure_id = excluded.erasure_id,
        erased_at = excluded.erased_at,
        day_ends_at = excluded.day_ends_at,
        returned_at = excluded.returned_at
    where identifiers.erased_at < excluded.erased_at;

-- name: note_applied
update erased.erasures
set applied_at = %(now)s, targets = %(targets)s, finished_at = null
where erasure_id = %(erasure_id)s;

-- name: note_finished
update erased.erasures
set finished_at = %(now)s
where erasure_id = %(erasure_id)s;

-- name: list_erasures
select
    erasure_id,
    lead_ids,
    erased_at,
    day_ends_at,
    erased_by,
    targets,
    key_check,
    applied_at,
    finished_at
from erased.erasures
where not %(only_open)s or finished_at is null
order by erasure_id desc;

-- name: list_hashes
select
    hash,
    erasure_id,
    erased_at,
    day_ends_at,
    returned_at
from erased.identifiers
order by hash;

-- name: find_kept_out
select distinct asked.place
from
    unnest(%(places)s::integer[], %(known_hashes)s::text[], %(times)s::timestamptz[]) as asked (
        place, hash, happened_at
    )
where erased.keeps_out(array[asked.hash], asked.happened_at, %(is_proven)s, false);

-- name: read_key_checks
select array(select distinct erasures.key_check from erased.erasures as erasures);

-- name: leave_out_erased
with asked as (
    select item.*
    from
        jsonb_to_recordset(%(items)s::jsonb) as item (
            place integer, hashes text[], happened_at timestamptz, is_proven boolean, is_form boolean
        )
),

left_out as (
    select asked.place
    from asked
    where erased.keeps_out(asked.hashes, asked.happened_at, asked.is_proven, asked.is_form)
),

returned as (
    update erased.identifiers
    set returned_at = proofs.happened_at
    from (
        select
            named.hash,
            min(asked.happened_at) as happened_at
        from asked
        cross join unnest(asked.hashes) as named (hash)
        where asked.is_proven and asked.place not in (select left_out.place from left_out)
        group by named.hash
    ) as proofs
    where identifiers.hash = proofs.hash and proofs.happened_at < coalesce(identifiers.returned_at, 'infinity')
)

select array(select left_out.place from left_out order by left_out.place);
