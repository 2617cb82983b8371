-- name: describe_lead
-- The person of a lead, by their oldest lead.
select
    person.lead_id,
    person.email,
    person.created_at,
    person.erased_at is not null as is_erased,
    person.only_claimed,
    accounts.domain,
    array(
        select people.lead_id from identity.people as people
        where people.person_id = person.lead_id
        order by people.lead_id
    ) as members
from identity.leads as asked
left join identity.people as joined on asked.lead_id = joined.lead_id
inner join identity.leads as person on coalesce(joined.person_id, asked.lead_id) = person.lead_id
left join identity.person_accounts as companies on person.lead_id = companies.lead_id
left join identity.accounts as accounts on companies.account_id = accounts.account_id
where asked.lead_id = %(lead_id)s;

-- name: list_traits
select
    traits.trait,
    traits.value #>> '{}' as value
from identity.person_traits as traits
where traits.lead_id = %(person_id)s
order by traits.trait;

-- name: list_best_rules
-- What gave the most points, and still does.
select
    rule,
    sum(points)::integer as points
from scoring.ledger
where lead_id = %(person_id)s and kind <> 'decay'
group by rule
having sum(points) > 0
order by sum(points) desc, rule asc
limit %(max_rows)s;

-- name: find_stage
select
    reached.stage,
    reached.cycle,
    reached.occurred_at
from lifecycle.current_transitions as reached
where reached.lead_id = %(person_id)s
order by
    reached.cycle desc,
    array_position(array['mql', 'sal', 'sql', 'lost', 'won'], reached.stage) desc
limit 1;

-- name: find_place
-- Where routing has the person's newest cycle.
select
    places.state,
    places.rep_id,
    places.queue,
    places.since,
    places.moves
from routing.leads as places
where places.lead_id = %(person_id)s
order by places.cycle desc
limit 1;

-- name: list_open_clocks
select
    clocks.clock,
    clocks.state,
    clocks.started_at,
    clocks.due_at
from sla.clocks as clocks
where
    clocks.lead_id = %(person_id)s
    and clocks.state in ('running', 'at_risk', 'held', 'breached')
    and clocks.stopped_at is null
order by clocks.due_at, clocks.clock;
