-- name: clear_findings
update analytics.quality_findings
set facts = regexp_replace(facts::text, %(pattern)s::text, '[erased]', 'gi')::jsonb
where lead_id = any(%(lead_ids)s::bigint[]) or facts::text ~* %(pattern)s::text;
