-- name: list_aftermath
with leads as materialized (
    select
        named.lead_id,
        min(listed.since) as since
    from unnest(%(lead_ids)s::bigint[], %(since)s::timestamptz[]) as listed (lead_id, since)
    left join identity.people as people on listed.lead_id = people.lead_id
    cross join
        lateral (
            select listed.lead_id
            union
            select people.person_id
            where people.person_id is not null
        ) as named
    group by named.lead_id
),

followed as (
    select
        'mql' as what,
        stages.lead_id
    from leads
    inner join lifecycle.current_transitions as stages
        on leads.lead_id = stages.lead_id and stages.stage = 'mql' and leads.since <= stages.recorded_at
    union all
    select
        'clock' as what,
        clocks.lead_id
    from leads
    inner join sla.clocks as clocks on leads.lead_id = clocks.lead_id and leads.since <= clocks.started_at
    union all
    select
        'message' as what,
        assignments.lead_id
    from leads
    inner join routing.assignments as assignments
        on leads.lead_id = assignments.lead_id and leads.since <= assignments.assigned_at
    inner join routing.notices as notices
        on assignments.assignment_id = notices.assignment_id and notices.state = 'sent'
    union all
    select
        'enrolment' as what,
        memberships.lead_id
    from leads
    inner join nurture.memberships as memberships
        on leads.lead_id = memberships.lead_id and leads.since <= memberships.entered_at
    union all
    select
        'crm' as what,
        effects.lead_id
    from leads
    inner join delivery.outbox as effects
        on
            leads.lead_id = effects.lead_id and effects.target = 'crm' and effects.state <> 'dropped'
            and leads.since <= effects.created_at
)

select
    what,
    count(*)::integer as number,
    count(distinct lead_id)::integer as leads,
    (array_agg(distinct lead_id order by lead_id))[1:5] as examples
from followed
group by what
order by array_position(array['mql', 'clock', 'message', 'enrolment', 'crm'], what);

-- name: read_progress
with written as materialized (
    select
        seq,
        points
    from scoring.ledger
    where rollback_id = %(rollback_id)s
)

select
    (
        select count(distinct waiting.lead_id)::integer
        from scoring.rolled_back_rows as covered
        inner join scoring.ledger as ledger on covered.ledger_seq = ledger.seq
        inner join scoring.inbox as waiting on ledger.lead_id = waiting.lead_id
        where covered.rollback_id = %(rollback_id)s
    ) as waiting,
    (select count(*)::integer from written) as rows,
    (select coalesce(sum(points), 0)::integer from written) as points,
    (
        select count(distinct undelivered.ledger_seq)::integer
        from written
        inner join delivery.undelivered_deltas as undelivered on written.seq = undelivered.ledger_seq
    ) as undelivered;
