-- Of a stage told with different facts one telling stays, always the same; C is the order in which Python sorts.
insert into lifecycle.imported (
    lead_id, stage, occurred_at, reference, campaign, source, value, evidence, recorded_at
)
select
    given.*,
    %(now)s::timestamptz as recorded_at
from
    jsonb_to_recordset(%(rows)s) as given (
        lead_id bigint, stage text, occurred_at timestamptz, reference text, campaign text, source text,
        value numeric(18, 2), evidence jsonb
    )
on conflict (lead_id, stage, occurred_at, reference) do update
    set campaign = excluded.campaign, source = excluded.source, value = excluded.value, evidence = excluded.evidence
    where (
        excluded.value is null, coalesce(excluded.value, 0),
        excluded.source is null, coalesce(excluded.source, '') collate "C",
        excluded.campaign is null, coalesce(excluded.campaign, '') collate "C"
    ) < (
        imported.value is null, coalesce(imported.value, 0),
        imported.source is null, coalesce(imported.source, '') collate "C",
        imported.campaign is null, coalesce(imported.campaign, '') collate "C"
    )
returning lead_id, stage, occurred_at, reference, xmax = 0
