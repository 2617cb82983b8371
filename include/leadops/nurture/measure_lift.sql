-- name: count_cohorts
-- People who entered until a moment: by programme, hold-out share and month of entry, then over all months. A person
-- counts by the first entry of any of their leads, and as member or held out as it was decided then. An entry that was
-- withdrawn is on record only of those who got something, so that it counts for nobody.
with entries as (
    select distinct on (memberships.programme, coalesce(people.person_id, memberships.lead_id))
        memberships.programme,
        coalesce(people.person_id, memberships.lead_id) as person_id,
        memberships.entered_at,
        memberships.is_held_out,
        (programmes.body #>> '{programme,holdout_share}')::double precision as holdout_share
    from nurture.memberships as memberships
    inner join nurture.programmes as programmes
        on memberships.programme = programmes.programme and memberships.version = programmes.version
    left join identity.people as people on memberships.lead_id = people.lead_id
    where
        memberships.entered_at < %(until)s
        and memberships.reason is distinct from 'withdrawn'
        and not exists (
            select from identity.uncounted_leads as uncounted where uncounted.lead_id = memberships.lead_id
        )
    order by
        memberships.programme asc, coalesce(people.person_id, memberships.lead_id) asc,
        memberships.entered_at asc, memberships.membership_id asc
),

sqls as materialized (
    select
        lead_id as person_id,
        occurred_at
    from lifecycle.counted_transitions
    where stage = 'sql' and occurred_at < %(until)s
),

reached as (
    select distinct
        entries.programme,
        entries.person_id
    from entries
    inner join sqls on entries.person_id = sqls.person_id
    where sqls.occurred_at > entries.entered_at and sqls.occurred_at <= entries.entered_at + %(open_for)s::interval
),

people as (
    select
        entries.programme,
        entries.holdout_share,
        date_trunc('month', entries.entered_at at time zone %(zone)s)::date as cohort,
        entries.is_held_out,
        entries.entered_at,
        entries.entered_at + %(open_for)s::interval < %(until)s as is_over,
        reached.person_id is not null as is_sql
    from entries
    left join reached on entries.programme = reached.programme and entries.person_id = reached.person_id
)

select
    programme,
    holdout_share,
    cohort,
    max(entered_at) as last_entered_at,
    count(*) filter (where is_over and not is_held_out) as members,
    count(*) filter (where is_over and is_held_out) as held_out,
    count(*) filter (where is_over and not is_held_out and is_sql) as member_sqls,
    count(*) filter (where is_over and is_held_out and is_sql) as held_out_sqls,
    count(*) filter (where not is_over and not is_held_out) as open_members,
    count(*) filter (where not is_over and is_held_out) as open_held_out
from people
group by grouping sets ((programme, holdout_share, cohort), (programme, holdout_share))
order by programme, holdout_share, cohort nulls first;

-- name: delete_lifts
delete from nurture.lifts where dt = %(dt)s;

-- name: insert_lifts
insert into nurture.lifts
(
    dt, programme, holdout_share, cohort, last_entered_at, window_days, members, held_out, member_sqls,
    held_out_sqls, open_members, open_held_out, difference, difference_low, difference_high, ratio, ratio_low,
    ratio_high, people_needed, verdict
)
select
    dt,
    programme,
    holdout_share,
    cohort,
    last_entered_at,
    window_days,
    members,
    held_out,
    member_sqls,
    held_out_sqls,
    open_members,
    open_held_out,
    difference,
    difference_low,
    difference_high,
    ratio,
    ratio_low,
    ratio_high,
    people_needed,
    verdict
from jsonb_populate_recordset(null::nurture.lifts, %(rows)s);

-- name: read_lifts
-- Of several hold-out shares, that of the newest entries comes first: it is in force, or was last.
select
    dt,
    programme,
    holdout_share,
    cohort,
    last_entered_at,
    window_days,
    members,
    held_out,
    member_sqls,
    held_out_sqls,
    open_members,
    open_held_out,
    difference,
    difference_low,
    difference_high,
    ratio,
    ratio_low,
    ratio_high,
    people_needed,
    verdict
from nurture.lifts as lifts
where
    lifts.dt = (
        select max(newest.dt) from nurture.lifts as newest where %(until)s::date is null or newest.dt <= %(until)s::date
    )
    and (%(programme)s::text is null or lifts.programme = %(programme)s)
order by
    lifts.programme asc,
    max(lifts.last_entered_at) over (partition by lifts.programme, lifts.holdout_share) desc,
    lifts.holdout_share asc,
    lifts.cohort desc nulls first;
