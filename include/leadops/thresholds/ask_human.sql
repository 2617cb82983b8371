update lifecycle.thresholds
set
    waits_since = coalesce(waits_since, %(now)s),
    answer = null,
    facts = facts || jsonb_build_object('run_id', %(run_id)s::text)
where day = %(day)s and plan = 'ask' and effective_at is null
