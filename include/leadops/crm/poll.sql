-- name: read_feed
select
    cursor,
    as_of
from crm.feeds
where feed = 'activities';

-- name: insert_feed
insert into crm.feeds (feed, polled_at) values ('activities', %(now)s)
on conflict (feed) do nothing;

-- name: lock_feed
select 1 from crm.feeds where feed = 'activities' for update;

-- name: upsert_activities
-- recorded_at stays: it says when leadops first knew. Only what is new or has changed goes to lifecycle.
with changed as (
    insert into crm.activities
    (activity_id, crm_lead_id, kind, status, rep_id, occurred_at, details, kind_key, status_key, recorded_at)
    select
        activity.*,
        %(now)s::timestamptz as recorded_at
    from
        unnest(
            %(activity_id)s::text[], %(crm_lead_id)s::text[], %(kind)s::text[], %(status)s::text[],
            %(rep_id)s::text[], %(occurred_at)s::timestamptz[], %(details)s::jsonb[],
            %(kind_key)s::text[], %(status_key)s::text[]
        ) as activity (
            activity_id, crm_lead_id, kind, status, rep_id, occurred_at, details, kind_key, status_key
        )
    on conflict (activity_id) do update
        set
            crm_lead_id = excluded.crm_lead_id,
            kind = excluded.kind,
            status = excluded.status,
            rep_id = excluded.rep_id,
            occurred_at = excluded.occurred_at,
            details = excluded.details,
            kind_key = excluded.kind_key,
            status_key = excluded.status_key
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
select activity_id from changed;

-- name: list_living
-- Ids that belong to a lead that is not erased.
select known.external_id
from delivery.external_ids as known
inner join identity.leads as leads on known.lead_id = leads.lead_id
where known.target = 'crm' and known.external_id = any(%(crm_ids)s::text[]) and leads.erased_at is null;

-- name: insert_refused
insert into crm.refused (feed, digest, body, reason, refused_at)
values (%(feed)s, %(digest)s, %(body)s, %(reason)s, %(now)s)
on conflict (feed, digest) do nothing;

-- name: move_feed
-- The cursor moves only from where this page was read: another poll may have gone on meanwhile. Knowledge does
-- not get older when another replica of the CRM answers.
update crm.feeds
set
    cursor = case when cursor is not distinct from %(after)s then coalesce(%(cursor)s, cursor) else cursor end,
    as_of = greatest(as_of, %(as_of)s::timestamptz),
    polled_at = greatest(polled_at, %(now)s)
where feed = 'activities';

-- name: mirror_reps
with present as (
    select * from unnest(%(ids)s::text[], %(profiles)s::jsonb[]) as rep (rep_id, profile)
),

gone as (
    delete from crm.reps
    where reps.rep_id <> all(%(listed)s::text[])
)

insert into crm.reps (rep_id, profile, updated_at)
select
    rep_id,
    profile,
    %(now)s::timestamptz
from present
on conflict (rep_id) do update
    set profile = excluded.profile, updated_at = excluded.updated_at
    where reps.profile is distinct from excluded.profile;
