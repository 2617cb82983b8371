-- name: count_form_refusals
-- The most frequent reason first. Forms that look like spam are refused too, though they are kept.
select
    refused.reason,
    sum(refused.times)::bigint as times
from (
    select
        reason,
        times
    from intake.form_refusals
    where counted_at >= %(since)s
    union all
    select
        reason,
        times
    from intake.quarantined_forms
    where state = 'waiting' and starts_with(reason, 'spam_') and received_at >= %(since)s
) as refused
where starts_with(refused.reason, %(beginning)s::text) and not refused.reason = any(%(ignored)s::text[])
group by refused.reason
order by times desc, refused.reason asc;

-- name: count_forms
select count(*) from intake.raw_leads as forms
where
    forms.received_at >= %(since)s
    and not exists (
        select from cdp.canaries as canaries
        inner join cdp.events as events on canaries.email = events.email
        where events.event_id = 'form-' || forms.submission_id
    );

-- name: describe_waiting_forms
-- No row if none waits; at most ten thousand are counted. What looks like spam waits for nobody.
with waiting as (
    select
        quarantine_id,
        received_at,
        reason,
        detail
    from intake.quarantined_forms
    where state = 'waiting' and not starts_with(reason, 'spam_')
    order by received_at
    limit 10000
),

most_frequent as (
    select
        reason,
        count(*) as forms,
        max(quarantine_id) as newest
    from waiting
    group by reason
    order by forms desc, reason asc
    limit 1
)

select
    (select count(*) from waiting) as forms,
    (select count(*) from waiting where received_at >= %(since)s::timestamptz) as recent,
    (select min(received_at) from waiting) as first_at,
    most_frequent.reason,
    most_frequent.forms as reason_count,
    examples.quarantine_id as example_id,
    examples.detail as example
from most_frequent
inner join waiting as examples on most_frequent.newest = examples.quarantine_id;
