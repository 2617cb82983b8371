-- name: clear_reports
update reports.reports
set
    sentences = erased.clear_json(sentences, %(pattern)s),
    facts = erased.clear_json(facts, %(pattern)s)
where sentences::text ~* %(pattern)s::text or facts::text ~* %(pattern)s::text;
