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
inner join identity.leads as leads on staged.lead_id = leads.lead_id
where
    staged.cycle = 0
    and leads.merged_into is null
    and not exists (
        select from identity.uncounted_leads as uncounted
        where uncounted.lead_id = leads.lead_id
    )
on conflict (import_id, lead_id, at) do nothing;

-- name: delete_import
delete from training.score_imports where import_id = %(import_id)s;
