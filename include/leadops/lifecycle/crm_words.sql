-- name: delete_words
delete from lifecycle.unnamed_words as known
where
    known.last_occurred_at < %(now)s::timestamptz - interval '90 days'
    or (known.field = 'status' and known.word_key = any(%(statuses)s::text[]))
    or (known.field = 'kind' and known.word_key = any(%(kinds)s::text[]))
    or (
        known.field = 'salesperson'
        and (
            known.word_key = any(%(salespeople)s::text[])
            or exists (select from crm.reps as listed where listed.rep_id = known.word_key)
        )
    );

-- name: list_words
with recent as (
    select
        status,
        status_key,
        kind,
        kind_key,
        rep_id,
        occurred_at
    from crm.activities
    where occurred_at >= %(since)s
)

select
    'status' as field,
    mode() within group (order by status) as word,
    count(*) as activities,
    max(occurred_at) as last_at,
    status_key = any(%(statuses)s::text[]) as is_named
from recent
where status_key is not null
group by status_key
union all
select
    'kind' as field,
    mode() within group (order by kind) as word,
    count(*) as activities,
    max(occurred_at) as last_at,
    kind_key = any(%(kinds)s::text[]) as is_named
from recent
group by kind_key
union all
select
    'salesperson' as field,
    rep_id as word,
    count(*) as activities,
    max(occurred_at) as last_at,
    rep_id = any(%(salespeople)s::text[])
    or exists (select from crm.reps as listed where listed.rep_id = recent.rep_id) as is_named
from recent
where rep_id is not null
group by rep_id
order by is_named asc, activities desc, field desc, word asc;
