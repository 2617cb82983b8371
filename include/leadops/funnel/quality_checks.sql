-- name: list_order_faults
-- Stages that precede their MQL, which are left out, and stages without one, which are counted.
select
    'impossible_order' as kind,
    lead_id,
    cycle,
    stage,
    occurred_at
from analytics.left_out
where dt = %(dt)s and reason = 'before_mql'
union all
select
    'missing_stage' as kind,
    reached.person_id as lead_id,
    reached.person_cycle as cycle,
    reached.stage,
    reached.happened_at as occurred_at
from mart.transitions as reached
where
    reached.happened_at >= %(start)s
    and reached.happened_at < %(until)s
    and reached.stage <> 'mql'
    and not exists (
        select from mart.transitions as mql
        where mql.lead_id = reached.lead_id and mql.cycle = reached.cycle and mql.stage = 'mql'
    )
    and not exists (
        select from mart.stages as mql
        where
            reached.is_merged
            and mql.person_id = reached.person_id
            and mql.person_cycle = reached.person_cycle
            and mql.stage = 'mql'
    );

-- name: list_volumes
select
    days.start_at,
    new_leads.leads,
    stages.mqls,
    stages.sals,
    stages.sqls,
    stages.wons,
    stages.losts
from unnest(%(starts)s::timestamptz[], %(untils)s::timestamptz[]) as days (start_at, until_at)
cross join
    lateral (
        select count(*) as leads from mart.leads as leads
        where
            leads.happened_at >= days.start_at
            and leads.happened_at < days.until_at
            and leads.lead_id = leads.person_id
            and not leads.is_claimed
            and leads.counts
    ) as new_leads
cross join
    lateral (
        select
            count(*) filter (where stage = 'mql') as mqls,
            count(*) filter (where stage = 'sal') as sals,
            count(*) filter (where stage = 'sql') as sqls,
            count(*) filter (where stage = 'won') as wons,
            count(*) filter (where stage = 'lost') as losts
        from mart.stages
        where happened_at >= days.start_at and happened_at < days.until_at
    ) as stages
order by days.start_at;

-- name: list_unnamed_words
-- By field of the CRM: the activities of the day, and those whose word no setting names.
with said as (
    select
        words.field,
        words.word_key,
        count(*) as activities
    from crm.activities as activities
    cross join
        lateral (
            values
            ('status', activities.status_key), ('kind', activities.kind_key), ('salesperson', activities.rep_id)
        ) as words (field, word_key)
    where
        activities.occurred_at >= %(start)s and activities.occurred_at < %(until)s and words.word_key is not null
    group by words.field, words.word_key
)

select
    said.field,
    sum(said.activities)::integer as activities,
    sum(said.activities) filter (where known.word is not null)::integer as unnamed,
    count(known.word) as words,
    (
        array_agg(known.word order by said.activities desc, known.word asc) filter (where known.word is not null)
    )[1:5] as examples
from said
left join lifecycle.unnamed_words as known on said.field = known.field and said.word_key = known.word_key
group by said.field
having count(known.word) > 0
order by said.field;

-- name: replace_findings
with found as (
    select distinct on (kind, subject) found.*
    from
        unnest(
            %(kinds)s::text[], %(subjects)s::text[], %(lead_ids)s::bigint[], %(facts)s::jsonb[],
            %(ends)s::timestamptz[]
        ) as found (kind, subject, lead_id, facts, open_until)
    order by kind asc, subject asc
),

gone as (
    delete from analytics.quality_findings
    where
        dt = %(dt)s
        and not exists (
            select from found
            where found.kind = quality_findings.kind and found.subject = quality_findings.subject
        )
)

insert into analytics.quality_findings (dt, kind, subject, lead_id, facts, found_at, open_until)
select
    %(dt)s,
    kind,
    subject,
    lead_id,
    facts,
    %(now)s,
    open_until
from found
on conflict (dt, kind, subject) do update
    set lead_id = excluded.lead_id, facts = excluded.facts;

-- name: list_findings
select
    dt,
    kind,
    subject,
    lead_id,
    facts,
    found_at,
    settled_at is null and open_until > %(now)s as is_open
from analytics.quality_findings
where
    (%(first)s::date is null or dt >= %(first)s)
    and (%(last)s::date is null or dt <= %(last)s)
    and (not %(only_open)s or (settled_at is null and open_until > %(now)s))
order by dt desc, kind asc, subject asc;

-- name: settle_findings
update analytics.quality_findings
set settled_at = %(now)s
where
    settled_at is null
    and (%(dt)s::date is null or dt = %(dt)s);

-- name: count_quality_findings
-- By kind; the newest days are named.
select
    kind,
    count(*) as findings,
    min(found_at) as found_at,
    (array_agg(subject || ' on ' || dt order by dt desc, subject asc))[1:5] as subjects,
    (array_agg(lead_id order by dt desc, lead_id asc) filter (where lead_id is not null))[1:5] as lead_ids
from analytics.quality_findings
where settled_at is null and open_until > %(now)s
group by kind
order by kind;

-- name: clear_findings
update analytics.quality_findings
set facts = erased.clear_json(facts, %(pattern)s)
where lead_id = any(%(lead_ids)s::bigint[]) or facts::text ~* %(pattern)s::text;
