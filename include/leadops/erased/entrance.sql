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
