-- name: find_applied_contract
select
    digest,
    spans
from lifecycle.contract_changes
order by change_id desc
limit 1;

-- name: insert_contract_change
insert into lifecycle.contract_changes (changed_at, digest, spans, changes)
values (%(now)s, %(digest)s, %(spans)s, %(changes)s);

-- name: enqueue_leads
-- Leads that wait already keep the contract that decided them.
with times as (
    select * from unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) as times (since, until)
),

concerned as (
    select links.lead_id
    from times
    inner join crm.activities as activities
        on
            (times.since <= activities.occurred_at and times.until > activities.occurred_at)
            or (times.since <= activities.recorded_at and times.until > activities.recorded_at)
    inner join lifecycle.links as links on activities.crm_lead_id = links.crm_lead_id
    union
    -- What sales did before an MQL counts from the MQL on.
    select links.lead_id
    from times
    inner join lifecycle.transitions as mql
        on mql.stage = 'mql' and times.since <= mql.occurred_at and times.until > mql.occurred_at
    inner join lifecycle.links as links on mql.lead_id = links.lead_id
)

insert into lifecycle.reevaluations (lead_id, decided_by)
select distinct
    coalesce(people.person_id, concerned.lead_id),
    %(decided_by)s::text
from concerned
left join identity.people as people on concerned.lead_id = people.lead_id
on conflict (lead_id) do nothing;

-- name: take_leads
with settled as (
    delete from lifecycle.reevaluations where decided_by = %(digest)s
),

due as (
    select lead_id
    from lifecycle.reevaluations
    where decided_by <> %(digest)s
    order by lead_id = any(%(evaluated)s::bigint[]) desc, lead_id asc
    limit %(max_leads)s + cardinality(%(evaluated)s::bigint[])
),

taken as (
    delete from lifecycle.reevaluations
    using due
    where reevaluations.lead_id = due.lead_id
    returning reevaluations.lead_id
)

select distinct coalesce(people.person_id, taken.lead_id) as lead_id
from taken
left join identity.people as people on taken.lead_id = people.lead_id
order by lead_id;

-- name: enqueue_people
insert into lifecycle.merge_changes (lead_id)
select unnest(%(people)s::bigint[]);

-- name: count_waiting
select count(*) from lifecycle.reevaluations;

-- name: note_result
update lifecycle.contract_changes
set evaluated = evaluated + %(evaluated)s, moved = moved + %(moved)s
where change_id = (select max(latest.change_id) from lifecycle.contract_changes as latest);

-- name: list_contract_changes
select
    changes.change_id,
    changes.changed_at,
    changes.digest,
    changes.changes,
    changes.evaluated,
    changes.moved,
    case
        when changes.change_id = max(changes.change_id) over () then (select count(*) from lifecycle.reevaluations)
        else 0
    end as waiting
from lifecycle.contract_changes as changes
order by changes.change_id desc;

-- name: lock_frozen_quarters
lock table lifecycle.frozen_quarters in share row exclusive mode;

-- name: find_latest_frozen
-- By its days, under whichever name; a name alone counts where its days are others.
select
    quarter,
    first_day,
    last_day,
    revision,
    versions,
    digest,
    frozen_at,
    false as is_new
from lifecycle.frozen_quarters
where quarter = %(quarter)s or (first_day = %(first_day)s and last_day = %(last_day)s)
order by (first_day = %(first_day)s and last_day = %(last_day)s) desc, revision desc
limit 1;

-- name: insert_frozen_quarter
insert into lifecycle.frozen_quarters
(quarter, revision, first_day, last_day, timezone, versions, contract, digest, reason, frozen_at)
values (
    %(quarter)s, %(revision)s, %(first_day)s, %(last_day)s, %(timezone)s, %(versions)s, %(contract)s, %(digest)s,
    %(reason)s, %(now)s
);

-- name: list_latest_frozen
with latest as (
    select distinct on (quarter)
        quarter,
        first_day,
        timezone,
        contract,
        frozen_at
    from lifecycle.frozen_quarters
    order by quarter asc, revision desc
)

select latest.*
from latest
inner join lifecycle.frozen_quarters as first_revision
    on latest.quarter = first_revision.quarter and first_revision.revision = 1
order by first_revision.frozen_at desc, latest.first_day desc;

-- name: upsert_frozen_change
insert into lifecycle.frozen_changes (quarter, facts, found_at)
values (%(quarter)s, %(facts)s, %(now)s)
on conflict (quarter) do update
    set facts = excluded.facts
    where frozen_changes.facts is distinct from excluded.facts;

-- name: delete_other_frozen_changes
delete from lifecycle.frozen_changes where quarter <> all(%(quarters)s::text[]);

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
