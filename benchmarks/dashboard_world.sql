-- name: skip_triggers
-- What is filled is whole: no day has to be counted again because of it.
select set_config('session_replication_role', 'replica', true);

-- name: fill_accounts
insert into identity.accounts (account_id, domain, created_at) overriding system value
select
    n as account_id,
    'company-' || n || '.example',
    %(since)s
from generate_series(1, %(accounts)s::bigint) as n;

-- name: fill_leads
-- Evenly over the time; lead number n is the n-th. One in a hundred is the person of the lead before it.
insert into identity.leads
(lead_id, email, created_at, first_event_seq, account_id, campaign, source, merged_into) overriding system value
select
    n as lead_id,
    'buyer-' || n || '@company-' || 1 + mod(n, %(accounts)s) || '.example',
    %(since)s + (%(until)s - %(since)s) * (n / (%(leads)s + 1)::double precision),
    n,
    1 + mod(n, %(accounts)s),
    'campaign-' || mod(hashint8extended(n, 1) & 65535, 40),
    'network-' || mod(hashint8extended(n, 2) & 65535, 8),
    case when mod(n, 100) = 10 then n - 1 end
from generate_series(1, %(leads)s::bigint) as n;

-- name: fill_people
insert into identity.people (lead_id, person_id)
select
    unnest(array[merged_into, lead_id]) as lead_id,
    merged_into as person_id
from identity.leads
where merged_into is not null;

-- name: fill_traits
insert into identity.traits (lead_id, trait, value, ts, event_id, comparable)
select
    lead_id,
    'company',
    to_jsonb('Company ' || account_id || ' Inc.'),
    created_at,
    'e-' || lead_id,
    to_jsonb('company ' || account_id)
from identity.leads;

-- name: fill_external_ids
-- The MA knows all, the CRM those that are or become MQL.
insert into delivery.external_ids (target, lead_id, external_id, learned_at)
select
    targets.target,
    leads.lead_id,
    targets.target || '-' || leads.lead_id,
    leads.created_at
from (values ('ma', 20), ('crm', 5)) as targets (target, most)
inner join identity.leads as leads on mod(leads.lead_id, 20) < targets.most;

-- name: fill_aliases
insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)
select
    'email',
    email as value,
    lead_id,
    lead_id as event_seq,
    created_at
from identity.leads;

-- name: fill_events
-- Evenly over the time.
insert into cdp.events (event_id, proof, event, ts, received_at, payload)
select
    'e-' || n,
    'write_key',
    (
        array['page_view', 'ad_click', 'page_view', 'view_pricing', 'mail_click']
    )[1 + mod(hashint8extended(n, 3) & 65535, 5)],
    %(since)s + (%(until)s - %(since)s) * (n / (%(events)s + 1)::double precision),
    %(since)s + (%(until)s - %(since)s) * (n / (%(events)s + 1)::double precision),
    jsonb_build_object(
        'properties', '{}'::jsonb,
        'context', jsonb_build_object(
            'page', case mod(n, 7) when 0 then '/pricing' else '/blog/' || mod(n, 100) end,
            'utm', jsonb_build_object(
                'medium', (array['cpc', 'social', 'display', 'email', 'video', 'affiliate'])[1 + mod(n * 7919, 6)],
                'campaign', 'campaign-' || mod(hashint8extended(n, 1) & 65535, 40)
            )
        )
    )
from generate_series(1, %(events)s::bigint) as n;

-- name: fill_resolved_events
-- One in a thousand is of one lead: a colleague's test account, a robot that nobody noticed.
insert into identity.resolved_events (event_seq, lead_id)
select
    seq,
    case
        when mod(seq, 1000) = 0 then %(busy_lead)s
        else 1 + mod(hashint8(seq)::bigint + 2147483648, %(leads)s::bigint)
    end as lead_id
from cdp.events
order by lead_id, seq;

-- name: fill_verdicts
insert into machines.verdicts (event_seq, lead_id, signal, reason, classified_at)
select
    events.seq as event_seq,
    owned.lead_id,
    'fast_click',
    'clicked 1 s after the delivery',
    events.received_at as classified_at
from identity.resolved_events as owned
inner join cdp.events as events on owned.event_seq = events.seq
where mod(owned.event_seq, 20) = 0 and events.event = 'mail_click';

-- name: fill_ledger
-- Three awards for each lead; those that are or become MQL have 60 points in all, the others fewer.
insert into scoring.ledger
(lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, rule_set_id, lane, reason, is_live)
select
    leads.lead_id,
    case when mod(leads.lead_id, 20) < 5 then 20 else 1 end
    + mod(hashint8extended(leads.lead_id, 10 + award.n) & 65535, 18),
    case award.n when 0 then 'fit' else 'behaviour' end,
    'rule',
    (array['industry', 'view_pricing', 'page_view'])[1 + award.n],
    leads.lead_id * 10 + award.n,
    leads.created_at + award.n * interval '1 hour',
    leads.created_at + award.n * interval '1 hour',
    1,
    0,
    (array['industry', 'view_pricing', 'page_view'])[1 + award.n],
    true
from identity.leads as leads
cross join generate_series(0, 2) as award (n);

-- name: fill_scores
insert into scoring.scores (lead_id, fit, behaviour, updated_at)
select
    lead_id,
    sum(points) filter (where dimension = 'fit'),
    sum(points) filter (where dimension = 'behaviour'),
    max(recorded_at)
from scoring.ledger
group by lead_id;

-- name: fill_transitions
-- Of twenty leads five are MQL, four of them SAL, two SQL; one in forty leads is won, one lost, and one is lost without
-- having been taken.
insert into lifecycle.transitions
(lead_id, cycle, stage, occurred_at, recorded_at, evidence, campaign, source, value, kpi_version)
select
    leads.lead_id,
    1,
    stages.stage,
    leads.created_at + stages.delay,
    leads.created_at + stages.delay + interval '1 minute',
    jsonb_build_object(
        'rep_id', 'rep-' || mod(hashint8extended(leads.lead_id, 4) & 65535, 30),
        'fit', 30,
        'behaviour', 30 + mod(hashint8extended(leads.lead_id, 10) & 65535, 50),
        'total', 60 + mod(hashint8extended(leads.lead_id, 10) & 65535, 50)
    ),
    leads.campaign,
    leads.source,
    case stages.stage when 'won' then 1000 + mod(leads.lead_id, 1000) end,
    'bench'
from identity.leads as leads
inner join
    (
        values
        ('mql', 20, array[0, 1, 2, 3, 4], interval '2 hours'),
        ('sal', 20, array[1, 2, 3, 4], interval '4 hours'),
        ('sql', 20, array[3, 4], interval '3 days'),
        ('won', 40, array[4], interval '30 days'),
        ('lost', 40, array[20, 24], interval '20 days')
    ) as stages (stage, parts, places, delay)
    on mod(leads.lead_id, stages.parts) = any(stages.places)
where leads.created_at + stages.delay < %(until)s;

-- name: fill_places
insert into routing.leads
(lead_id, cycle, state, rep_id, account, is_backfill, qualified_at, since, mql_lead_id, mql_cycle)
select
    lead_id,
    cycle,
    'owned',
    evidence ->> 'rep_id',
    'lead:' || lead_id,
    false,
    occurred_at as qualified_at,
    occurred_at as since,
    lead_id as mql_lead_id,
    cycle as mql_cycle
from lifecycle.transitions
where stage = 'mql';

-- name: fill_assignments
insert into routing.assignments
(
    lead_id, cycle, number, rep_id, why, cause, is_backfill, assigned_at, waited_minutes, facts, passed_over, rules
)
select
    lead_id,
    cycle,
    1,
    rep_id,
    'share',
    'mql',
    false,
    since,
    1,
    '{}',
    '[]',
    'bench'
from routing.leads;

-- name: fill_reps
insert into crm.reps (rep_id, profile, updated_at)
select
    'rep-' || n,
    jsonb_build_object('name', 'Salesperson ' || n, 'zone', 'Asia/Tokyo', 'capacity_per_day', 20),
    %(until)s
from generate_series(0, 29) as n;

-- name: fill_entries
-- As a build of each day writes them.
insert into analytics.funnel_entries
(dt, stage, lead_id, cycle, occurred_at, cohort_dt, campaign, source, rep_id, value, counts_as, is_apart)
select
    (created_at at time zone %(zone)s)::date as dt,
    'lead' as stage,
    lead_id,
    0 as cycle,
    created_at,
    null as cohort_dt,
    campaign,
    source,
    null as rep_id,
    null as value,
    'counted',
    false as is_apart
from identity.leads
where merged_into is null
union all
select
    (stages.occurred_at at time zone %(zone)s)::date,
    stages.stage,
    stages.lead_id,
    stages.cycle,
    stages.occurred_at,
    (mqls.occurred_at at time zone %(zone)s)::date,
    stages.campaign,
    stages.source,
    stages.evidence ->> 'rep_id',
    stages.value,
    'counted',
    false
from lifecycle.transitions as stages
inner join lifecycle.transitions as mqls
    on stages.lead_id = mqls.lead_id and stages.cycle = mqls.cycle and mqls.stage = 'mql'
order by dt, stage, lead_id;

-- name: fill_cells
insert into analytics.funnel_cells
(
    dt, cohort_dt, campaign, source, rep_id, kpi_version, leads, mqls, sals, sqls, wons, losts, value,
    wons_without_value, wons_without_rate, mqls_apart, left_out
)
select
    dt,
    cohort_dt,
    campaign,
    source,
    rep_id,
    'bench',
    count(*) filter (where stage = 'lead'),
    count(*) filter (where stage = 'mql'),
    count(*) filter (where stage = 'sal'),
    count(*) filter (where stage = 'sql'),
    count(*) filter (where stage = 'won'),
    count(*) filter (where stage = 'lost'),
    coalesce(sum(value), 0),
    0,
    0,
    0,
    0
from analytics.funnel_entries
group by dt, cohort_dt, campaign, source, rep_id
order by dt;

-- name: fill_sums
insert into analytics.funnel_sums
(
    dimension, dt, key, leads, mqls, sals, sqls, wons, losts, value, wons_without_value, wons_without_rate,
    mqls_apart, left_out
)
select
    case grouping(campaign, source, rep_id) when 7 then 'all' when 3 then 'campaign' when 5 then 'source' else 'rep' end
        as dimension,
    dt,
    coalesce(campaign, source, rep_id) as key,
    sum(leads),
    sum(mqls),
    sum(sals),
    sum(sqls),
    sum(wons),
    sum(losts),
    sum(value),
    0,
    0,
    0,
    0
from analytics.funnel_cells
group by dt, grouping sets ((), (campaign), (source), (rep_id));

-- name: fill_inbox
-- What a morning touches before the next night counts it.
insert into analytics.inbox (moment)
select date_bin('15 minutes', %(until)s + mod(n, 600) * interval '1 minute', 'epoch')
from generate_series(1, 5000) as n;

-- name: fill_response_times
-- Most within two hours, few after a day or more.
insert into analytics.response_times
(
    lead_id, cycle, rep_id, campaign, mql_at, sal_at, ended_at, working_minutes, wall_minutes, local_hour, cause,
    is_backfill, dt
)
select
    mqls.lead_id,
    mqls.cycle,
    mqls.evidence ->> 'rep_id' as rep_id,
    mqls.campaign,
    mqls.occurred_at as mql_at,
    sals.occurred_at as sal_at,
    case when sals.occurred_at is null then losts.occurred_at end as ended_at,
    case
        when sals.occurred_at is not null
            then -120 * ln((1 + (hashint8extended(mqls.lead_id, 5) & 65535)) / 65537::double precision)
    end as working_minutes,
    extract(epoch from sals.occurred_at - mqls.occurred_at) / 60 as wall_minutes,
    extract(hour from mqls.occurred_at at time zone %(zone)s),
    case
        when sals.occurred_at is not null
            then (array['handling', 'night', 'holiday', 'queue'])[1 + mod(mqls.lead_id / 20, 4)]
    end as cause,
    false,
    (mqls.occurred_at at time zone %(zone)s)::date
from lifecycle.transitions as mqls
left join lifecycle.transitions as sals
    on mqls.lead_id = sals.lead_id and mqls.cycle = sals.cycle and sals.stage = 'sal'
left join lifecycle.transitions as losts
    on mqls.lead_id = losts.lead_id and mqls.cycle = losts.cycle and losts.stage = 'lost'
where mqls.stage = 'mql'
order by mqls.occurred_at;

-- name: fill_built_days
insert into analytics.built_days (dt, starts_at, ends_at, settings, built_at, is_checked)
select
    day::date,
    day at time zone %(zone)s,
    (day + interval '1 day') at time zone %(zone)s,
    %(settings)s,
    %(until)s,
    true
from generate_series(%(first_day)s::timestamp, %(last_day)s::timestamp, interval '1 day') as day;

-- name: fill_costs
insert into economics.costs (month, campaign, category, amount, origin, recorded_at)
select
    month::date,
    'campaign-' || n,
    'ads',
    1000 * (1 + n),
    'bench:' || month || ':' || n,
    month
from
    generate_series(
        date_trunc('month', %(first_day)s::timestamp), %(last_day)s::timestamp, interval '1 month'
    ) as month
cross join generate_series(0, 39) as n;

-- name: fill_activities
insert into crm.activities
(activity_id, crm_lead_id, kind, status, rep_id, occurred_at, recorded_at, kind_key, status_key)
select
    'a-' || assigned.lead_id || '-' || acts.kind,
    'crm-' || assigned.lead_id,
    acts.kind,
    acts.status,
    assigned.rep_id,
    assigned.assigned_at + acts.delay,
    assigned.assigned_at + acts.delay + interval '1 minute',
    acts.kind as kind_key,
    acts.status as status_key
from routing.assignments as assigned
cross join
    (values ('status', 'working', interval '30 minutes'), ('call', null, interval '40 minutes'))
        as acts (kind, status, delay);

-- name: fill_clocks
insert into sla.clocks
(
    lead_id, cycle, clock, state, started_at, warn_at, due_at, target_minutes, stopped_at, stopped_by,
    business_minutes, policy, evidence
)
select
    assigned.lead_id,
    assigned.cycle,
    'first_contact',
    'met',
    assigned.assigned_at as started_at,
    assigned.assigned_at + interval '3 hours',
    assigned.assigned_at + interval '4 hours',
    240,
    assigned.assigned_at + interval '40 minutes',
    'call',
    40,
    'bench',
    '{}'
from routing.assignments as assigned;

-- name: fill_outbox
insert into delivery.outbox
(
    target, operation, lead_id, payload, idempotency_key, nonce, created_at, state, attempts, body, first_sent_at,
    settled_at
)
select
    'crm',
    calls.operation,
    assigned.lead_id,
    jsonb_build_object('owner_id', assigned.rep_id),
    calls.operation || assigned.lead_id,
    'n',
    assigned.assigned_at,
    'done',
    1,
    '{}',
    assigned.assigned_at + interval '1 minute',
    assigned.assigned_at + interval '2 minutes'
from routing.assignments as assigned
cross join (values ('create_lead'), ('set_owner')) as calls (operation);

-- name: fill_cursors
-- The MA has all but the last points.
insert into delivery.cursors (target, lane, ledger_seq)
select
    'ma',
    lane,
    (select max(seq) - 1000 from scoring.ledger) as ledger_seq
from (values (0::smallint), (1::smallint)) as lanes (lane);

-- name: fill_last_hour
-- A busy hour before the pages are read: events that wait, and calls that arrived.
with arrived as (
    insert into cdp.events (event_id, proof, event, ts, received_at, payload)
    select
        'late-' || n,
        'write_key',
        'page_view',
        %(now)s - n * interval '0.3 seconds',
        %(now)s - n * interval '0.3 seconds',
        '{}'
    from generate_series(1, least(12000, %(events)s::bigint)) as n
    returning seq
),

waiting as (
    insert into identity.inbox (event_seq)
    select seq
    from arrived
),

counted as (
    insert into delivery.call_counts (target, starts_at, calls)
    select
        targets.target,
        date_bin('15 minutes', %(now)s - n * interval '15 minutes', 'epoch'),
        500
    from (values ('ma'), ('crm')) as targets (target)
    cross join generate_series(0, 95) as n
),

pushed as (
    insert into delivery.batches
    (target, lane, idempotency_key, from_seq, deltas, nonce, rows, created_at, first_sent_at, state, settled_at)
    select
        'ma',
        0,
        'late-' || n,
        n,
        10,
        'n',
        '[]',
        %(now)s - n * interval '2 seconds',
        %(now)s - n * interval '2 seconds',
        'done',
        %(now)s - n * interval '2 seconds' + interval '1 second'
    from generate_series(1, 1800) as n
)

insert into delivery.outbox
(target, operation, lead_id, payload, idempotency_key, nonce, created_at, state, attempts, body, settled_at)
select
    'crm',
    'set_owner',
    mod(n, %(leads)s::bigint),
    '{}',
    'late-' || n,
    'n',
    %(now)s - n * interval '0.3 seconds',
    'done',
    1,
    '{}',
    %(now)s - n * interval '0.2 seconds'
from generate_series(1, 12000) as n;
