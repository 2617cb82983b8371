-- name: list_stored
select
    people.person_id,
    numbers.lead_id,
    numbers.cycle,
    numbers.person_cycle
from identity.people as people
inner join lifecycle.person_cycles as numbers on people.lead_id = numbers.lead_id
where people.person_id = any(%(leads)s::bigint[]);

-- name: list_numbers
select distinct person_cycle
from lifecycle.person_cycles
where lead_id = any(%(leads)s::bigint[]);

-- name: list_bounds
-- The start of each cycle of merged leads, and each end by sales or an export.
with versions as (
    select version.*
    from jsonb_to_recordset(%(versions)s) as version (since timestamptz, until timestamptz, won jsonb, lost jsonb)
),

own as (
    select
        people.person_id,
        reached.lead_id,
        reached.cycle,
        coalesce(min(reached.occurred_at) filter (where reached.stage = 'mql'), min(reached.occurred_at)) as began_at,
        min(reached.occurred_at) filter (
            where reached.stage in ('won', 'lost') and reached.evidence ? 'imported'
        ) as ended_at
    from identity.people as people
    inner join lifecycle.transitions as reached on people.lead_id = reached.lead_id
    where people.lead_id = any(%(leads)s::bigint[])
    group by people.person_id, reached.lead_id, reached.cycle
)

select
    person_id,
    began_at as bound_at,
    false as is_end,
    lead_id,
    cycle
from own
union all
select
    person_id,
    -- In an export a deal may be won before its lead was known.
    greatest(began_at, ended_at),
    true,
    null,
    null
from own
where ended_at is not null
union all
select
    people.person_id,
    activities.occurred_at,
    true,
    null,
    null
from identity.people as people
inner join lifecycle.links as links on people.lead_id = links.lead_id
inner join crm.activities as activities on links.crm_lead_id = activities.crm_lead_id
inner join versions on activities.occurred_at >= versions.since and activities.occurred_at < versions.until
where
    people.lead_id = any(%(leads)s::bigint[])
    and activities.kind_key = 'status'
    and (versions.won ? activities.status_key or versions.lost ? activities.status_key)
    and activities.occurred_at <= %(now)s
order by person_id, bound_at, is_end, lead_id, cycle;

-- name: replace_numbers
with numbers as (
    select *
    from unnest(%(lead_ids)s::bigint[], %(cycles)s::integer[], %(person_cycles)s::integer[]) as numbers (
        lead_id, cycle, person_cycle
    )
),

gone as (
    delete from lifecycle.person_cycles
    where
        person_cycles.lead_id = any(%(leads)s::bigint[])
        and not exists (
            select from numbers
            where numbers.lead_id = person_cycles.lead_id and numbers.cycle = person_cycles.cycle
        )
)

insert into lifecycle.person_cycles (lead_id, cycle, person_cycle)
select
    lead_id,
    cycle,
    person_cycle
from numbers
on conflict (lead_id, cycle) do update
    set person_cycle = excluded.person_cycle
    where person_cycles.person_cycle <> excluded.person_cycle;
