-- name: clear_findings
update analytics.quality_findings
set facts = erased.clear_json(facts, %(pattern)s)
where lead_id = any(%(lead_ids)s::bigint[]) or facts::text ~* %(pattern)s::text;
