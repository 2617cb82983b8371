-- The leads asked for, and all that hang together with them: by an identifier that was seen with the emails of both,
-- or because they are joined so far.
with recursive reached (lead_id) as (
    select unnest(%(leads)s::bigint[])
    union
    select other.lead_id
    from reached
    cross join
        lateral (
            select
                tied.lead_id
            from (
                select
                    own.kind,
                    own.value
                from identity.aliases as own
                where own.lead_id = reached.lead_id and own.confirmed_seq is not null
                union all
                select
                    sightings.kind,
                    sightings.value
                from identity.sightings as sightings
                where sightings.lead_id = reached.lead_id
            ) as shown
            inner join identity.aliases as holder
                on shown.kind = holder.kind and shown.value = holder.value and holder.lead_id <> 0
            cross join
                lateral (
                    select holder.lead_id
                    where holder.confirmed_seq is not null
                    union all
                    select others.lead_id
                    from identity.sightings as others
                    where shown.kind = others.kind and shown.value = others.value
                ) as tied
            where shown.kind = any(%(kinds)s::text[])
            union all
            select held.older_lead_id
            from identity.lead_merges as held
            where held.younger_lead_id = reached.lead_id and held.undone_at is null
            union all
            select held.younger_lead_id
            from identity.lead_merges as held
            where held.older_lead_id = reached.lead_id and held.undone_at is null
        ) as other
)

insert into involved (lead_id)
select lead_id from reached
