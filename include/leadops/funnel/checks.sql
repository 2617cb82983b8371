-- name: count_quality_findings
-- By kind; the newest days are named.
select
    kind,
    count(*) as findings,
    min(found_at) as found_at,
    (array_agg(subject || ' on ' || dt order by dt desc, subject asc))[1:5] as subjects,
    (array_agg(lead_id order by dt desc, lead_id asc) filter (where lead_id is not null))[1:5] as lead_ids
from analytics.quality_findings
where settled_at is null and open_until > %(now)s
group by kind
order by kind;
