with found as (
    select distinct on (gate, subject) found.*
    from
        unnest(%(gates)s::text[], %(subjects)s::text[], %(lead_ids)s::bigint[], %(facts)s::jsonb[])
            as found (gate, subject, lead_id, facts)
    order by gate asc, subject asc
),

gone as (
    delete from analytics.gate_findings
    where
        dt = %(dt)s
        and not exists (
            select from found
            where found.gate = gate_findings.gate and found.subject = gate_findings.subject
        )
)

insert into analytics.gate_findings (dt, gate, subject, lead_id, facts, found_at, open_until)
select
    %(dt)s,
    gate,
    subject,
    lead_id,
    facts,
    %(now)s,
    %(open_until)s
from found
on conflict (dt, gate, subject) do update
    set lead_id = excluded.lead_id, facts = excluded.facts
