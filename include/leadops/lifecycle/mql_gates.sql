-- name: list_colleagues
-- The other people of the account that identity assigned, by the newest website of each person.
select distinct
    own.lead_id,
    others.lead_id as colleague_id
from unnest(%(leads)s::bigint[]) as asked (lead_id)
inner join identity.person_accounts as own on asked.lead_id = own.lead_id
cross join
    lateral (
        select coalesce(people.person_id, members.lead_id) as lead_id
        from identity.leads as members
        left join identity.people as people on members.lead_id = people.lead_id
        where members.account_id = own.account_id
    ) as others
inner join identity.person_accounts as theirs
    on others.lead_id = theirs.lead_id and own.account_id = theirs.account_id
where others.lead_id <> own.lead_id;

-- name: list_companies
-- Of people without an account of identity: the company that they name. Only where a lead that is asked for names one.
with asked as (
    select
        named.lead_id,
        named.value #>> '{}' as company
    from unnest(%(leads)s::bigint[]) as given (lead_id)
    inner join identity.person_traits as named on given.lead_id = named.lead_id and named.trait = 'company'
    where
        not exists (
            select from identity.person_accounts as accounts
            where accounts.lead_id = given.lead_id and accounts.account_id is not null
        )
),

dealing as (
    select distinct coalesce(people.person_id, reached.lead_id) as lead_id
    from lifecycle.transitions as reached
    left join identity.people as people on reached.lead_id = people.lead_id
    where reached.stage in ('sql', 'won') and exists (select from asked)
)

select
    lead_id,
    company,
    true as is_asked
from asked
union all
select
    dealing.lead_id,
    named.value #>> '{}' as company,
    false as is_asked
from dealing
inner join identity.person_traits as named on dealing.lead_id = named.lead_id and named.trait = 'company'
where
    not exists (
        select from identity.person_accounts as accounts
        where accounts.lead_id = dealing.lead_id and accounts.account_id is not null
    );

-- name: list_account_states
-- The state that the colleagues of each lead give to its account: a customer rather than an open deal, and of several
-- colleagues the first.
with pairs as (
    select distinct * from unnest(%(leads)s::bigint[], %(colleagues)s::bigint[]) as pairs (lead_id, colleague_id)
),

cycles as (
    select
        reached.lead_id,
        reached.cycle,
        bool_or(reached.stage = 'sql') as is_sql,
        max(reached.occurred_at) filter (where reached.stage = 'won') as won_at,
        max(reached.occurred_at) filter (where reached.stage = 'lost') as lost_at
    from (select distinct colleague_id from pairs) as colleagues
    inner join lifecycle.current_transitions as reached on colleagues.colleague_id = reached.lead_id
    group by reached.lead_id, reached.cycle
),

states as (
    select
        lead_id,
        case when won_at is not null then 'customer' else 'open_deal' end as state
    from cycles
    where
        (won_at is not null and (lost_at is null or lost_at <= won_at))
        or (is_sql and won_at is null and lost_at is null)
)

select distinct on (pairs.lead_id)
    pairs.lead_id,
    states.state,
    pairs.colleague_id
from pairs
inner join states on pairs.colleague_id = states.lead_id
order by pairs.lead_id asc, states.state asc, pairs.colleague_id asc;

-- name: read_standing
-- By what decide_mqls looks at: the scores, the latest cycle, and what was earned after its end.
select
    coalesce(scores.fit, 0) as fit,
    coalesce(scores.behaviour, 0) as behaviour,
    coalesce(scores.total, 0) as total,
    latest.cycle,
    (
        select mql.occurred_at from lifecycle.current_transitions as mql
        where mql.lead_id = leads.lead_id and mql.cycle = latest.cycle and mql.stage = 'mql'
    ) as mql_at,
    latest.ended_at,
    coalesce(
        (
            select sum(ledger.points) from scoring.ledger as ledger
            where
                ledger.lead_id = leads.lead_id
                and ledger.dimension = 'behaviour'
                and ledger.kind in ('rule', 'correction')
                and ledger.occurred_at > latest.ended_at
        ), 0
    )::integer as again_behaviour,
    leads.only_claimed,
    leads.erased_at is not null as is_erased,
    uncounted.reason as uncounted,
    nullif(schedule.due_on, 'infinity') as decays_on
from identity.leads as leads
left join scoring.scores as scores on leads.lead_id = scores.lead_id
left join identity.uncounted_leads as uncounted on leads.lead_id = uncounted.lead_id
left join scoring.decay_schedule as schedule on leads.lead_id = schedule.lead_id
left join lateral lifecycle.find_latest_cycle(leads.lead_id) as latest on true
where leads.lead_id = %(person_id)s;

-- name: insert_cursor
insert into lifecycle.cursors (feed, ledger_seq) values ('ledger', 0)
on conflict (feed) do nothing;

-- name: lock_cursor
select
    ledger_seq,
    thresholds
from lifecycle.cursors
where feed = 'ledger'
for update;

-- name: find_horizon
-- Writers of the ledger hold one lock until they commit: no smaller seq can appear after this one.
select coalesce(max(seq), 0) from scoring.ledger;

-- name: move_cursor
update lifecycle.cursors
set ledger_seq = %(to_seq)s, thresholds = %(thresholds)s
where feed = 'ledger' and (ledger_seq, thresholds) is distinct from (%(to_seq)s::bigint, %(thresholds)s::text);
