-- name: wait_for_poll
lock table crm.feeds, crm.activities in share mode;

-- name: rename_leads
update crm.activities
set
    crm_lead_id = renamed.name,
    details = coalesce(
        (
            select
                jsonb_object_agg(
                    said.key, erased.clear_json(said.value, %(pattern)s)
                )
            from jsonb_each(activities.details) as said (key, value)
            where said.key = any(%(kept)s::text[])
        ), '{}'
    )
from unnest(%(crm_ids)s::text[], %(names)s::text[]) as renamed (crm_id, name)
where activities.crm_lead_id = renamed.crm_id;

-- name: clear_details
update crm.activities
set details = erased.clear_json(details, %(pattern)s)
where details::text ~* %(pattern)s::text;

-- name: delete_merges
delete from crm.merged_leads
where gone_id = any(%(crm_ids)s::text[]) or into_id = any(%(crm_ids)s::text[]);

-- name: delete_refused
delete from crm.refused
where
    body ->> 'lead_id' = any(%(crm_ids)s::text[])
    or body::text ~* %(pattern)s::text;

-- name: purge_refused
delete from crm.refused
where (feed, digest) in (
    select
        old.feed,
        old.digest
    from crm.refused as old
    where old.refused_at < %(before)s
    order by old.feed, old.digest
    limit %(max_rows)s
);

-- name: remove_canary
select crm.remove_canary(%(lead_id)s);
