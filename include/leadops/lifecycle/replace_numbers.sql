with given as (
    select *
    from unnest(%(owners)s::bigint[], %(cycles)s::integer[], %(numbers)s::integer[]) as given (
        lead_id, cycle, person_cycle
    )
),

gone as (
    delete from lifecycle.person_cycles
    where
        person_cycles.lead_id = any(%(leads)s::bigint[])
        and not exists (
            select from given
            where given.lead_id = person_cycles.lead_id and given.cycle = person_cycles.cycle
        )
)

insert into lifecycle.person_cycles (lead_id, cycle, person_cycle)
select
    lead_id,
    cycle,
    person_cycle
from given
on conflict (lead_id, cycle) do update
    set person_cycle = excluded.person_cycle
    where person_cycles.person_cycle <> excluded.person_cycle
