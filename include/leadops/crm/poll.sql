-- name: read_feed
select
    cursor,
    as_of,
    resume_at,
    unsure_since
from crm.feeds
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

-- name: insert_feed
insert into crm.feeds (feed, polled_at, first_polled_at) values ('activities', %(now)s, %(now)s)
on conflict (feed) do nothing;

-- name: lock_feed
select cursor from crm.feeds where feed = 'activities' for update;

-- name: record_merge
-- The leads that were merged into the one that is gone now go on where it does.
with moved as (
    update crm.merged_leads
    set into_id = %(into_id)s
    where into_id = %(gone_id)s and gone_id <> %(into_id)s
)

insert into crm.merged_leads (gone_id, into_id, merged_at)
select
    %(gone_id)s::text,
    %(into_id)s::text,
    %(now)s::timestamptz
where %(gone_id)s::text <> %(into_id)s::text
on conflict (gone_id) do update set into_id = excluded.into_id where merged_leads.into_id <> excluded.into_id;

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

-- name: retract_activities
-- What was deleted in the CRM stays as a status that says nothing, and lifecycle decides again without it.
with retracted as (
    update crm.activities
    set kind = 'status', kind_key = 'status', status = null, status_key = null, details = '{"deleted": true}'
    where
        activity_id = any(%(activity_ids)s::text[])
        and (kind_key <> 'status' or status_key is not null)
    returning activity_id
)

insert into lifecycle.inbox (activity_id)
select activity_id from retracted;

-- name: move_feed
-- Knowledge does not get older when another replica of the CRM answers.
update crm.feeds
set
    cursor = %(cursor)s,
    resume_at = %(resume_at)s,
    unsure_since = %(unsure_since)s,
    as_of = greatest(as_of, %(as_of)s::timestamptz),
    held_back = %(held_back)s,
    polled_at = greatest(polled_at, %(now)s)
where feed = 'activities';

-- name: find_moves
-- Activities that are known under another lead: it was merged into the one under which they come now. Not those of
-- somebody erased, which got another name here.
select distinct
    known.crm_lead_id as gone_id,
    given.crm_lead_id as into_id
from unnest(%(activity_ids)s::text[], %(crm_lead_ids)s::text[]) as given (activity_id, crm_lead_id)
inner join crm.activities as known on given.activity_id = known.activity_id
where
    known.crm_lead_id <> given.crm_lead_id
    and known.crm_lead_id not like 'erased-%%'
    and not exists (
        select from crm.merged_leads as merged
        where merged.gone_id = known.crm_lead_id and merged.into_id = given.crm_lead_id
    );

-- name: find_merged
-- Of a lead that goes on and is not known here itself: the oldest of those merged into it that is.
select distinct on (merged.into_id)
    merged.into_id as crm_lead_id,
    merged.gone_id as known_id
from crm.merged_leads as merged
inner join delivery.external_ids as known on known.target = 'crm' and merged.gone_id = known.external_id
where
    merged.into_id = any(%(crm_ids)s::text[])
    and not exists (
        select from delivery.external_ids as itself
        where itself.target = 'crm' and itself.external_id = merged.into_id
    )
order by merged.into_id asc, known.learned_at asc, merged.gone_id asc;

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

-- name: insert_activities
-- Of an activity that is given twice the first in this order counts.
with added as (
    insert into crm.activities
    (activity_id, crm_lead_id, kind, status, rep_id, occurred_at, details, kind_key, status_key, recorded_at)
    select distinct on (given.activity_id)
        given.*,
        %(now)s::timestamptz as recorded_at
    from
        jsonb_to_recordset(%(rows)s) as given (
            activity_id text, crm_lead_id text, kind text, status text, rep_id text, occurred_at timestamptz,
            details jsonb, kind_key text, status_key text
        )
    order by given.activity_id asc, given.occurred_at asc, given::text collate "C" asc
    on conflict (activity_id) do nothing
    returning activity_id
)

insert into lifecycle.inbox (activity_id)
select activity_id from added
returning activity_id;

-- name: draw_prefix
select 'former-' || left(gen_random_uuid()::text, 8) || ':';

-- name: rename_activities
-- A column holds 200 characters: of a longer id its hash stands there.
update crm.activities
set
    activity_id
    = %(prefix)s::text || case when char_length(activity_id) > 180 then md5(activity_id) else activity_id end,
    crm_lead_id
    = %(prefix)s::text || case when char_length(crm_lead_id) > 180 then md5(crm_lead_id) else crm_lead_id end
where activity_id not like 'former-%%';

-- name: rename_inbox
update lifecycle.inbox
set
    activity_id
    = %(prefix)s::text || case when char_length(activity_id) > 180 then md5(activity_id) else activity_id end
where activity_id not like 'former-%%';

-- name: rename_merged
update crm.merged_leads
set
    gone_id = %(prefix)s::text || case when char_length(gone_id) > 180 then md5(gone_id) else gone_id end,
    into_id = %(prefix)s::text || case when char_length(into_id) > 180 then md5(into_id) else into_id end
where gone_id not like 'former-%%';

-- name: forget_feeds
delete from crm.feeds;
