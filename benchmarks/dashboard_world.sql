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
-- Evenly over the time; lead number n is the n-th.
insert into identity.leads
(lead_id, email, created_at, first_event_seq, account_id, campaign, source) overriding system value
select
    n as lead_id,
    'buyer-' || n || '@company-' || 1 + mod(n, %(accounts)s) || '.example',
    %(since)s + (%(until)s - %(since)s) * (n / (%(leads)s + 1)::double precision),
    n,
    1 + mod(n, %(accounts)s),
    'campaign-' || mod(n * 104729, 40),
    'network-' || mod(n * 7919, 8)
from generate_series(1, %(leads)s::bigint) as n;

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
-- Ten times as many as leads, evenly over the time.
insert into cdp.events (event_id, proof, event, ts, received_at, payload)
select
    'e-' || n,
    'write_key',
    (array['page_view', 'ad_click', 'page_view', 'view_pricing', 'mail_click'])[1 + mod(n, 5)],
    %(since)s + (%(until)s - %(since)s) * (n / (%(events)s + 1)::double precision),
    %(since)s + (%(until)s - %(since)s) * (n / (%(events)s + 1)::double precision),
    jsonb_build_object(
        'properties', '{}'::jsonb,
        'context', jsonb_build_object(
            'page', '/pricing',
            'utm', jsonb_build_object(
                'medium', (array['cpc', 'social', 'display', 'email', 'video', 'affiliate'])[1 + mod(n * 7919, 6)],
                'campaign', 'campaign-' || mod(n * 104729, 40)
            )
        )
    )
from generate_series(1, %(events)s::bigint) as n;

-- name: fill_resolved_events
insert into identity.resolved_events (event_seq, lead_id)
select
    seq,
    1 + mod(hashint8(seq)::bigint + 2147483648, %(leads)s::bigint) as lead_id
from cdp.events
order by lead_id, seq;

-- name: fill_ledger
-- Three awards for each lead.
insert into scoring.ledger
(lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, rule_set_id, lane, reason, is_live)
select
    leads.lead_id,
    5 + award.n,
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
-- Of twenty leads five are MQL, four of them SAL, two SQL; one in forty leads is won, one lost.
insert into lifecycle.transitions
(lead_id, cycle, stage, occurred_at, recorded_at, evidence, campaign, source, value, kpi_version)
select
    leads.lead_id,
    1,
    stages.stage,
    leads.created_at + stages.delay,
    leads.created_at + stages.delay + interval '1 minute',
    jsonb_build_object('rep_id', 'rep-' || mod(leads.lead_id, 30)),
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
        ('lost', 40, array[24], interval '20 days')
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
    'rep-' || mod(lead_id, 30),
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
(dt, stage, lead_id, cycle, occurred_at, cohort_dt, campaign, source, rep_id, value, counts_as)
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
    'counted'
from identity.leads
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
    'rep-' || mod(stages.lead_id, 30),
    stages.value,
    'counted'
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
insert into analytics.response_times
(
    lead_id, cycle, rep_id, campaign, mql_at, sal_at, working_minutes, wall_minutes, local_hour, cause, is_backfill, dt
)
select
    mqls.lead_id,
    mqls.cycle,
    'rep-' || mod(mqls.lead_id, 30),
    mqls.campaign,
    mqls.occurred_at as mql_at,
    sals.occurred_at as sal_at,
    mod(mqls.lead_id, 600),
    mod(mqls.lead_id, 1440),
    extract(hour from mqls.occurred_at at time zone %(zone)s),
    case when sals.occurred_at is not null then 'handling' end,
    false,
    (mqls.occurred_at at time zone %(zone)s)::date
from lifecycle.transitions as mqls
left join lifecycle.transitions as sals
    on mqls.lead_id = sals.lead_id and mqls.cycle = sals.cycle and sals.stage = 'sal'
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
