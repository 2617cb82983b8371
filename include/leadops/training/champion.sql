-- name: read_model
select body from training.models where model_id = %(model_id)s;

-- name: insert_model
insert into training.models (day, hash, body, trained_at)
values (%(day)s, %(hash)s, %(body)s, %(now)s)
on conflict (hash) do update set hash = excluded.hash
returning model_id;

-- name: lock_decisions
lock table training.decisions in share row exclusive mode;

-- name: list_decisions
select distinct on (day)
    decision_id,
    day,
    outcome,
    reason,
    model_id,
    champion_id,
    inputs_hash,
    findings,
    decided_at
from training.decisions
where %(day)s::date is null or day = %(day)s::date
order by day desc, decision_id desc
limit %(max_days)s;

-- name: find_champion
-- A past day that is decided again changes nothing today once a later day has decided.
select champion_id
from training.decisions
where %(before)s::date is null or day < %(before)s::date
order by day desc, decision_id desc
limit 1;

-- name: record_decision
insert into training.decisions
(day, outcome, reason, model_id, champion_id, inputs_hash, findings, decided_at)
values (
    %(day)s, %(outcome)s, %(reason)s, %(model_id)s, %(champion_id)s, %(inputs_hash)s, %(findings)s, %(now)s
);

-- name: explain_model
select
    predictions.model_id,
    predictions.as_of,
    predictions.probability,
    predictions.points,
    predictions.parts,
    jsonb_path_query_array(models.body, '$.encodings[*].name') as names,
    coalesce((
        select sum(ledger.points)::integer from mart.ledger as ledger
        where ledger.lead_id = predictions.lead_id and ledger.kind = 'write_off' and ledger.dimension = 'model'
    ), 0) as written_off
from training.predictions as predictions
inner join training.models as models on predictions.model_id = models.model_id
where predictions.lead_id = %(lead_id)s;

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

-- name: insert_import
insert into training.score_imports (day, hash, imported_at)
values (%(day)s, %(hash)s, %(now)s)
returning import_id;

-- name: create_staged_scores
create temporary table if not exists staged_scores (
    lead_id bigint not null,
    cycle integer not null,
    ml_score double precision not null
) on commit delete rows;

-- name: clear_staged_scores
truncate staged_scores;

-- name: copy_staged_scores
copy staged_scores (lead_id, cycle, ml_score) from stdin;

-- name: insert_mature_scores
insert into training.imported_scores (import_id, lead_id, at, ml_score)
select
    %(import_id)s::integer as import_id,
    observations.lead_id,
    observations.at,
    staged.ml_score
from staged_scores as staged
inner join observations on staged.lead_id = observations.lead_id and staged.cycle = observations.cycle
on conflict (import_id, lead_id, at) do nothing;

-- name: insert_active_scores
-- A lead that has been merged into another since the export, or that counts for nothing, is unknown.
insert into training.imported_scores (import_id, lead_id, at, ml_score)
select
    %(import_id)s::integer as import_id,
    leads.lead_id,
    %(at)s::timestamptz as at,
    staged.ml_score
from staged_scores as staged
inner join mart.leads as leads on staged.lead_id = leads.lead_id
where
    staged.cycle = 0
    and leads.lead_id = leads.person_id
    and leads.counts
on conflict (import_id, lead_id, at) do nothing;

-- name: delete_import
delete from training.score_imports where import_id = %(import_id)s;
