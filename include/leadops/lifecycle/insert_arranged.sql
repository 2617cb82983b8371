-- What leadops saw itself stays, unless the export knows an earlier time of the stage; an MQL of its own stays.
insert into lifecycle.transitions
(lead_id, cycle, stage, occurred_at, recorded_at, evidence, campaign, kpi_version, source, value)
select
    wanted.lead_id,
    wanted.cycle,
    wanted.stage,
    wanted.occurred_at,
    %(now)s::timestamptz,
    wanted.evidence,
    wanted.campaign,
    wanted.kpi_version,
    wanted.source,
    wanted.value
from
    jsonb_to_recordset(%(rows)s) as wanted (
        lead_id bigint, cycle integer, stage text, occurred_at timestamptz, evidence jsonb, campaign text,
        kpi_version text, source text, value numeric(18, 2)
    )
on conflict (lead_id, cycle, stage) do update
    set
        occurred_at = excluded.occurred_at, evidence = excluded.evidence, kpi_version = excluded.kpi_version,
        value = excluded.value
    where transitions.stage <> 'mql' and transitions.occurred_at > excluded.occurred_at
