-- Leads and what became of them, evenly over the time: of four leads all are MQL, three SAL, two SQL, one has an end.
-- Numbers repeat from run to run.
with made as (
    insert into identity.leads (lead_id, created_at, campaign, source) overriding system value
    select
        %(first)s + n as lead_id,
        %(since)s + (%(until)s - %(since)s) * (n / %(leads)s::double precision) as created_at,
        'campaign-' || mod(n * 104729, 20) as campaign,
        'network-' || mod(n, 3) as source
    from generate_series(0::bigint, %(leads)s - 1) as n
    returning lead_id, created_at, campaign, source
)

insert into lifecycle.transitions
(lead_id, cycle, stage, occurred_at, recorded_at, evidence, campaign, source, value, kpi_version)
select
    made.lead_id,
    1 as cycle,
    stages.stage,
    least(%(until)s - interval '1 second', made.created_at + stages.minutes * interval '1 minute') as occurred_at,
    made.created_at as recorded_at,
    jsonb_build_object('rep_id', 'rep-' || mod(made.lead_id, 12)) as evidence,
    made.campaign,
    made.source,
    case stages.stage when 'won' then 1000 + mod(made.lead_id, 1000) end as value,
    'bench' as kpi_version
from made
inner join
    (values ('mql', 3, 0), ('sal', 2, 12), ('sql', 1, 90), ('won', 0, 200)) as stages (stage, most, minutes)
    on stages.most >= mod(made.lead_id, 4)
