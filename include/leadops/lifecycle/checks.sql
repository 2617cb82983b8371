-- name: list_frozen_changes
-- Frozen quarters for which kpi.yaml now says something else.
select
    found_at,
    facts
from lifecycle.frozen_changes
order by quarter;

-- name: count_words
-- The fields in which an activity since then has a word that no setting names.
with recent as (
    select
        status_key,
        kind_key,
        rep_id
    from crm.activities
    where occurred_at > %(since)s and occurred_at <= %(now)s
),

said as (
    select
        words.field,
        words.word_key,
        count(*) as activities
    from recent
    cross join
        lateral (
            values ('status', recent.status_key), ('kind', recent.kind_key), ('salesperson', recent.rep_id)
        ) as words (field, word_key)
    where words.word_key is not null
    group by words.field, words.word_key
)

select
    said.field,
    sum(said.activities)::integer as activities,
    coalesce(sum(said.activities) filter (where known.word is not null), 0)::integer as unnamed,
    count(known.word) as words,
    count(*) filter (where known.first_seen_at > %(since)s) as new_words,
    (
        array_agg(
            known.word
            order by known.first_seen_at > %(since)s desc, said.activities desc, known.word asc
        ) filter (where known.word is not null)
    )[1:5] as examples
from said
left join lifecycle.unnamed_words as known on said.field = known.field and said.word_key = known.word_key
group by said.field
having count(known.word) > 0
order by said.field;
