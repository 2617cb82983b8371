-- MQLs that leads reached only together with others, from which they have been split since. Points are dated by what
-- they are for, and so are corrections: what is left up to that day is what the lead had alone. Where sales have done
-- something about it, it stays.
with doubtful as (
    select
        reached.transition_id,
        reached.occurred_at,
        reached.evidence -> 'joined' as joined,
        coalesce(own.person_id, reached.lead_id) as person_id
    from lifecycle.transitions as reached
    left join identity.people as own on reached.lead_id = own.lead_id
    where
        reached.lead_id = any(%(leads)s::bigint[])
        and reached.stage = 'mql'
        and reached.evidence ? 'joined'
        and exists (
            select from jsonb_array_elements_text(reached.evidence #> '{joined,leads}') as joined (lead_id)
            left join identity.people as other on joined.lead_id::bigint = other.lead_id
            where
                coalesce(other.person_id, joined.lead_id::bigint) <> coalesce(own.person_id, reached.lead_id)
        )
        and not exists (
            select from lifecycle.links as links
            inner join crm.activities as activities on links.crm_lead_id = activities.crm_lead_id
            where links.lead_id = reached.lead_id and activities.occurred_at >= reached.occurred_at
        )
),

had as (
    select
        doubtful.transition_id,
        doubtful.joined,
        coalesce(sum(ledger.points) filter (where ledger.dimension = 'fit'), 0) as fit,
        coalesce(sum(ledger.points) filter (where ledger.dimension = 'behaviour'), 0) as behaviour,
        coalesce(sum(ledger.points), 0) as total,
        coalesce(
            sum(ledger.points) filter (
                where ledger.dimension = 'behaviour' and ledger.occurred_at > (doubtful.joined ->> 'since')::timestamptz
            ), 0
        ) as behaviour_again
    from doubtful
    left join scoring.ledger as ledger
        on
            doubtful.person_id = ledger.lead_id
            and doubtful.occurred_at >= ledger.occurred_at
            and ledger.kind <> 'decay'
    group by doubtful.transition_id, doubtful.joined
)

delete from lifecycle.transitions
using had
where
    transitions.transition_id = had.transition_id
    and (
        had.fit < (had.joined ->> 'fit')::integer
        or had.behaviour < (had.joined ->> 'behaviour')::integer
        or had.total < (had.joined ->> 'total')::integer
        or (had.joined ->> 'since' is not null and had.behaviour_again < (had.joined ->> 'again_behaviour')::integer)
    )
