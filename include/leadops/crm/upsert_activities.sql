-- recorded_at stays: it says when leadops first knew. Only what is new or has changed goes to lifecycle.
with changed as (
    insert into crm.activities
    (activity_id, crm_lead_id, kind, status, rep_id, occurred_at, details, recorded_at)
    select
        activity.*,
        %(now)s::timestamptz as recorded_at
    from
        unnest(
            %(activity_id)s::text[], %(crm_lead_id)s::text[], %(kind)s::text[], %(status)s::text[],
            %(rep_id)s::text[], %(occurred_at)s::timestamptz[], %(details)s::jsonb[]
        ) as activity (activity_id, crm_lead_id, kind, status, rep_id, occurred_at, details)
    on conflict (activity_id) do update
        set
            crm_lead_id = excluded.crm_lead_id,
            kind = excluded.kind,
            status = excluded.status,
            rep_id = excluded.rep_id,
            occurred_at = excluded.occurred_at,
            details = excluded.details
        where
        (
            activities.crm_lead_id, activities.kind, activities.status,
            activities.rep_id, activities.occurred_at, activities.details
        ) is distinct from (
            excluded.crm_lead_id, excluded.kind, excluded.status,
            excluded.rep_id, excluded.occurred_at, excluded.details
        )
    returning activity_id
)

insert into lifecycle.inbox (activity_id)
select activity_id from changed
