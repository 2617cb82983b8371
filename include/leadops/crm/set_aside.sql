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
