-- name: clear_reports
update reports.reports
set
    sentences = regexp_replace(sentences::text, %(pattern)s::text, '[erased]', 'gi')::jsonb,
    facts = regexp_replace(facts::text, %(pattern)s::text, '[erased]', 'gi')::jsonb
where sentences::text ~* %(pattern)s::text or facts::text ~* %(pattern)s::text;
