-- SLA: the clocks of each MQL, and a row for each clock that warned, was held or ran out.
create schema sla;

-- lifecycle fills it when a cycle begins or sales acted in it; sla empties it.
create table sla.inbox (
    inbox_id bigint generated always as identity primary key,
    lead_id bigint not null,
    cycle integer not null,
    has_new_person boolean not null default false
);
comment on column sla.inbox.has_new_person is 'The cycle belongs to another person now: its clocks restart';

-- Every clock, from its start.
create table sla.clocks (
    clock_id bigint generated always as identity primary key,
    lead_id bigint not null,
    cycle integer not null,
    clock text not null check (clock in ('first_contact', 'sal')),
    state text not null default 'running'
    check (state in ('running', 'at_risk', 'held', 'breached', 'met', 'met_late')),
    started_at timestamptz not null,
    warn_at timestamptz not null,
    due_at timestamptz not null,
    target_minutes double precision not null,
    stopped_at timestamptz,
    stopped_by text,
    business_minutes double precision,
    policy text not null,
    evidence jsonb not null,
    unique (lead_id, cycle, clock)
);
comment on column sla.clocks.business_minutes is 'From start to stop, by the calendar of the policy';
comment on column sla.clocks.policy is 'Hash of the policy that warn_at and due_at were computed with';
create index clocks_open on sla.clocks (state, warn_at)
where state in ('running', 'at_risk', 'held', 'breached');
create index clocks_stopped on sla.clocks (clock, stopped_at);

create table sla.breaches (
    breach_id bigint generated always as identity primary key,
    lead_id bigint not null,
    cycle integer not null,
    clock text not null,
    state text not null check (state in ('at_risk', 'held', 'breached', 'met', 'met_late')),
    started_at timestamptz not null,
    due_at timestamptz not null,
    stopped_at timestamptz,
    business_minutes double precision not null,
    target_minutes double precision not null,
    changed_at timestamptz not null,
    evidence jsonb not null,
    unique (lead_id, cycle, clock)
);
comment on column sla.breaches.lead_id is '0: the clock of the median, which has no lead of its own';
comment on column sla.breaches.state is
'held: due, but the CRM feed is late, so the outcome is unknown; settled later with the true times';
create index breaches_open on sla.breaches (state) where state in ('at_risk', 'held', 'breached');

-- When what the clocks of some cycles wait for was done, and when the cycle ended; null: not yet.
create function sla.find_stops(asked_leads bigint[], asked_cycles integer[])
returns table (clock_id bigint, done_at timestamptz, ended_at timestamptz)
language sql stable as $$
with asked as (
    select * from unnest(asked_leads, asked_cycles) as asked (lead_id, cycle)
),

known as (
    select
        facts.lead_id,
        facts.cycle,
        min(facts.occurred_at) filter (where facts.fact = 'contact') as contact_at,
        min(facts.occurred_at) filter (where facts.fact = 'taken') as taken_at,
        min(facts.occurred_at) filter (where facts.fact in ('won', 'lost')) as ended_at
    from lifecycle.facts as facts
    inner join asked on facts.lead_id = asked.lead_id and facts.cycle = asked.cycle
    group by facts.lead_id, facts.cycle
)

select
    clocks.clock_id,
    case clocks.clock
        when 'first_contact' then known.contact_at
        -- greatest() ignores nulls, but both are needed.
        else case
            when known.taken_at is not null and known.contact_at is not null
                then greatest(known.taken_at, known.contact_at)
        end
    end as done_at,
    known.ended_at
from sla.clocks as clocks
inner join asked on clocks.lead_id = asked.lead_id and clocks.cycle = asked.cycle
left join known on clocks.lead_id = known.lead_id and clocks.cycle = known.cycle
$$;
