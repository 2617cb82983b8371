-- name: list_refused_features
-- What the newest training refused, each feature once whatever spoke against it; of a day the newest row counts.
select distinct on (refused.feature)
    newest.decided_at,
    jsonb_build_object(
        'day', newest.day::text,
        'feature', refused.feature,
        'reason', refused.reason,
        'dag_id', 'retrain_thresholds'
    ) as facts
from (
    select *
    from training.decisions
    order by day desc, decision_id desc
    limit 1
) as newest
cross join jsonb_to_recordset(newest.findings -> 'refused') as refused (feature text, "check" text, reason text)
order by refused.feature asc, refused."check" desc;
