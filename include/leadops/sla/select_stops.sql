-- A clock stops at what it waits for, or at the end of the cycle, whichever came first.
with touched as (
    select * from unnest(%(leads)s::bigint[], %(cycles)s::integer[]) as touched (lead_id, cycle)
),

known as (
    select
        facts.lead_id,
        facts.cycle,
        min(facts.occurred_at) filter (where facts.fact = 'contact') as contact_at,
        min(facts.occurred_at) filter (where facts.fact = 'taken') as taken_at,
        min(facts.occurred_at) filter (where facts.fact in ('won', 'lost')) as ended_at
    from lifecycle.facts as facts
    inner join touched on facts.lead_id = touched.lead_id and facts.cycle = touched.cycle
    group by facts.lead_id, facts.cycle
),

stops as (
    select
        clocks.clock_id,
        clocks.started_at,
        clocks.stopped_at as before_at,
        known.ended_at,
        case clocks.clock
            when 'first_contact' then known.contact_at
            -- greatest() would take one of the two for both.
            else case
                when known.taken_at is not null and known.contact_at is not null
                    then greatest(known.taken_at, known.contact_at)
            end
        end as done_at
    from sla.clocks as clocks
    inner join known on clocks.lead_id = known.lead_id and clocks.cycle = known.cycle
)

select
    clock_id,
    started_at,
    least(done_at, ended_at) as stopped_at,
    case when done_at <= coalesce(ended_at, 'infinity') then 'contact' else 'end of cycle' end as stopped_by
from stops
where
    least(done_at, ended_at) is not null
    and (before_at is null or before_at > least(done_at, ended_at))
