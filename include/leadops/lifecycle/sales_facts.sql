-- name: take_activities
-- An activity in the future (a planned meeting) is read now as a plan, and again once it has happened.
with due as (
    select
        inbox.inbox_id,
        activities.crm_lead_id,
        activities.occurred_at,
        activities.kind,
        activities.kind_key,
        activities.status,
        activities.status_key,
        activities.rep_id,
        coalesce(activities.occurred_at > %(now)s, false) as is_planned
    from lifecycle.inbox as inbox
    left join crm.activities as activities on inbox.activity_id = activities.activity_id
    where inbox.not_before is null or inbox.not_before <= %(now)s
),

planned as (
    update lifecycle.inbox set not_before = due.occurred_at
    from due
    where inbox.inbox_id = due.inbox_id and due.is_planned
),

done as (
    delete from lifecycle.inbox
    using due
    where inbox.inbox_id = due.inbox_id and not due.is_planned
),

said as (
    select
        'status' as field,
        status_key as word_key,
        min(status) as word,
        max(occurred_at) as last_occurred_at
    from due
    where status_key is not null and status_key <> all(%(statuses)s::text[])
    group by status_key
    union all
    select
        'kind' as field,
        kind_key as word_key,
        min(kind) as word,
        max(occurred_at) as last_occurred_at
    from due
    where kind_key is not null and kind_key <> all(%(kinds)s::text[])
    group by kind_key
    union all
    -- Where the CRM lists nobody, nobody is missing from the list.
    select
        'salesperson' as field,
        rep_id as word_key,
        rep_id as word,
        max(occurred_at) as last_occurred_at
    from due
    -- An empty list differs from everything, also from null.
    where
        rep_id is not null
        and rep_id <> all(%(salespeople)s::text[])
        and exists (select from crm.reps)
        and not exists (select from crm.reps as listed where listed.rep_id = due.rep_id)
    group by rep_id
),

unnamed as (
    select
        said.field,
        said.word_key,
        left(said.word, 100) as word,
        said.last_occurred_at,
        known.word_key is not null as is_known,
        row_number() over (
            partition by said.field, known.word_key is null order by said.last_occurred_at desc, said.word_key asc
        ) + (select count(*) from lifecycle.unnamed_words as other where other.field = said.field) as place
    from said
    left join lifecycle.unnamed_words as known on said.field = known.field and said.word_key = known.word_key
),

noted as (
    insert into lifecycle.unnamed_words (field, word_key, word, first_seen_at, last_occurred_at)
    select
        field,
        word_key,
        word,
        %(now)s::timestamptz,
        least(last_occurred_at, %(now)s::timestamptz)
    from unnamed
    where is_known or place <= %(max_words)s
    on conflict (field, word_key) do update
        set last_occurred_at = greatest(unnamed_words.last_occurred_at, excluded.last_occurred_at)
)

select distinct coalesce(people.person_id, links.lead_id) as lead_id
from due
inner join lifecycle.links as links on due.crm_lead_id = links.crm_lead_id
left join identity.people as people on links.lead_id = people.lead_id;

-- name: create_sales_activities
create temporary table if not exists sales_activities (
    lead_id bigint not null,
    cycle integer not null,
    activity_id text not null,
    kind_key text not null,
    status_key text,
    rep_id text,
    details jsonb not null,
    occurred_at timestamptz not null,
    ahead interval not null,
    has_happened boolean not null,
    known_at timestamptz not null
) on commit delete rows;

-- name: clear_sales_activities
delete from sales_activities;

-- name: collect_activities
-- What sales did before the MQL, since the cycle before ended, counts from the MQL on: a form brings a lead to the
-- CRM at once, and a rep who has taken it does not take it again. Ends are read from the activities, and not from
-- what is on record: the result must not depend on what an earlier run knew.
with versions as (
    select version.*
    from jsonb_to_recordset(%(versions)s) as version (since timestamptz, until timestamptz, won jsonb, lost jsonb)
),

mqls as (
    select
        lead_id,
        cycle,
        occurred_at as started_at,
        lead(occurred_at, 1, 'infinity') over (partition by lead_id order by cycle) as next_at
    from lifecycle.current_transitions
    where stage = 'mql' and lead_id = any(%(leads)s::bigint[])
),

-- The CRM's ids of a person, by any of their leads.
links as (
    select
        crm_lead_id,
        lead_id
    from lifecycle.links
    where lead_id = any(%(leads)s::bigint[])
    union
    select
        known.crm_lead_id,
        people.person_id
    from identity.people as people
    inner join lifecycle.links as known on people.lead_id = known.lead_id
    where people.person_id = any(%(leads)s::bigint[])
),

turns as (
    select
        mqls.lead_id,
        mqls.cycle,
        activities.occurred_at,
        ending.stage,
        lag(ending.stage) over (
            partition by mqls.lead_id, mqls.cycle order by activities.occurred_at asc, activities.activity_id asc
        ) as stage_before
    from mqls
    inner join links on mqls.lead_id = links.lead_id
    inner join crm.activities as activities
        on
            links.crm_lead_id = activities.crm_lead_id
            and mqls.started_at <= activities.occurred_at
            and mqls.next_at > activities.occurred_at
            and activities.occurred_at <= %(now)s
            and activities.kind_key = 'status'
    inner join versions on activities.occurred_at >= versions.since and activities.occurred_at < versions.until
    cross join
        lateral (values ('won', versions.won), ('lost', versions.lost)) as ending (stage, statuses)
    where ending.statuses ? activities.status_key
),

ends as (
    select
        lead_id,
        cycle,
        max(occurred_at) as ended_at
    from (
        select
            lead_id,
            cycle,
            occurred_at
        from turns
        where stage_before is distinct from stage
        union all
        select
            lead_id,
            cycle,
            occurred_at
        from lifecycle.current_transitions
        where lead_id = any(%(leads)s::bigint[]) and stage in ('won', 'lost') and evidence ? 'imported'
    ) as all_ends
    group by lead_id, cycle
)

insert into sales_activities
(lead_id, cycle, activity_id, kind_key, status_key, rep_id, details, occurred_at, ahead, has_happened, known_at)
select
    mqls.lead_id,
    mqls.cycle,
    activities.activity_id,
    activities.kind_key,
    activities.status_key,
    activities.rep_id,
    activities.details,
    greatest(mqls.started_at, activities.occurred_at) as occurred_at,
    mqls.started_at - activities.occurred_at as ahead,
    activities.occurred_at <= %(now)s as has_happened,
    greatest(mqls.started_at, least(activities.occurred_at, activities.recorded_at)) as known_at
from mqls
left join ends on mqls.lead_id = ends.lead_id and mqls.cycle - 1 = ends.cycle
inner join links on mqls.lead_id = links.lead_id
inner join crm.activities as activities
    on
        links.crm_lead_id = activities.crm_lead_id
        and coalesce(ends.ended_at, '-infinity') < activities.occurred_at
        and mqls.next_at > activities.occurred_at;

-- name: list_detail_names
-- The names of what the activities say, as the CRM spells them.
select distinct said.name
from sales_activities
cross join lateral jsonb_object_keys(sales_activities.details) as said (name);

-- name: list_details
-- What the activities say under these names, once.
select distinct said.value
from sales_activities
cross join lateral jsonb_each_text(sales_activities.details) as said (name, value)
where said.value is not null and said.name = any(%(names)s::text[]);

-- name: create_derived_facts
create temporary table if not exists derived_facts (
    lead_id bigint not null,
    cycle integer not null,
    fact text not null,
    occurred_at timestamptz not null,
    activity_id text not null,
    rep_id text,
    primary key (lead_id, cycle, fact)
) on commit delete rows;

-- name: clear_derived_facts
delete from derived_facts;

-- name: derive_facts
-- The contract version of its own moment decides about a fact; the earliest of a kind in a cycle counts. But a deal
-- that is re-opened, and ends again, was won or lost when it last turned so. A contact longer before the MQL than
-- within_hours does not count. That a meeting is set counts from when it is known.
with versions as (
    select version.*
    from jsonb_to_recordset(%(versions)s) as version (
        since timestamptz, until timestamptz, within_hours double precision,
        taken jsonb, contact jsonb, contacted jsonb, criteria jsonb, next_meeting jsonb, won jsonb, lost jsonb
    )
),

spelled as (
    select * from unnest(%(names)s::text[], %(keys)s::text[]) as spelled (name, word_key)
),

acts as (
    select
        sales_activities.*,
        coalesce(affirmed.keys, '{}') as affirmed
    from sales_activities
    cross join
        lateral (
            select array_agg(spelled.word_key) as keys
            from jsonb_each_text(sales_activities.details) as said (name, value)
            inner join spelled on said.name = spelled.name
            where said.value = any(%(affirmed)s::text[])
        ) as affirmed
),

facts as (
    select
        acts.lead_id,
        acts.cycle,
        found.fact,
        found.occurred_at,
        acts.activity_id,
        acts.rep_id
    from acts
    inner join versions on acts.occurred_at >= versions.since and acts.occurred_at < versions.until
    cross join
        lateral (
            select
                'taken' as fact,
                acts.occurred_at
            where acts.kind_key = 'status' and acts.rep_id is not null and versions.taken ? acts.status_key
            union all
            select
                'contact' as fact,
                acts.occurred_at
            where
                (
                    versions.contact ? acts.kind_key
                    or (acts.kind_key = 'status' and versions.contacted ? acts.status_key)
                )
                and acts.ahead <= versions.within_hours * interval '1 hour'
            union all
            select
                'criterion:' || criterion.name as fact,
                acts.occurred_at
            from jsonb_each_text(versions.criteria) as criterion (name, word_key)
            where criterion.word_key = acts.status_key or criterion.word_key = any(acts.affirmed)
            union all
            select
                ending.stage as fact,
                acts.occurred_at
            from (values ('won', versions.won), ('lost', versions.lost)) as ending (stage, statuses)
            where acts.kind_key = 'status' and ending.statuses ? acts.status_key and acts.ahead <= interval '0'
        ) as found
    where acts.has_happened
    union all
    select
        acts.lead_id,
        acts.cycle,
        'meeting' as fact,
        acts.known_at as occurred_at,
        acts.activity_id,
        acts.rep_id
    from acts
    inner join versions on acts.known_at >= versions.since and acts.known_at < versions.until
    where acts.kind_key = 'meeting' or versions.next_meeting ?| acts.affirmed
),

turned as (
    select
        *,
        fact in ('won', 'lost') as is_end,
        lag(fact) over (
            partition by lead_id, cycle, fact in ('won', 'lost') order by occurred_at asc, activity_id asc
        ) as fact_before
    from facts
)

insert into derived_facts (lead_id, cycle, fact, occurred_at, activity_id, rep_id)
select distinct on (lead_id, cycle, fact)
    lead_id,
    cycle,
    fact,
    occurred_at,
    activity_id,
    rep_id
from turned
where not is_end or fact_before is distinct from fact
order by
    lead_id asc, cycle asc, fact asc, (case when is_end then occurred_at end) desc, occurred_at asc, activity_id asc;

-- name: replace_facts
-- Writes only the difference. A cycle that was won counts as changed: the CRM may correct the value of a deal in the
-- activity that won it.
with gone as (
    delete from lifecycle.facts
    where
        facts.lead_id = any(%(leads)s::bigint[])
        and not exists (
            select from derived_facts as derived
            where derived.lead_id = facts.lead_id and derived.cycle = facts.cycle and derived.fact = facts.fact
        )
    returning facts.lead_id, facts.cycle
),

written as (
    insert into lifecycle.facts (lead_id, cycle, fact, occurred_at, activity_id, rep_id)
    select * from derived_facts
    on conflict (lead_id, cycle, fact) do update
        set occurred_at = excluded.occurred_at, activity_id = excluded.activity_id, rep_id = excluded.rep_id
        where
        (facts.occurred_at, facts.activity_id, facts.rep_id)
        is distinct from (excluded.occurred_at, excluded.activity_id, excluded.rep_id)
    returning lead_id, cycle
)

select
    lead_id,
    cycle
from gone
union
select
    lead_id,
    cycle
from written
union
select
    lead_id,
    cycle
from derived_facts
where fact = 'won'
order by lead_id, cycle;
