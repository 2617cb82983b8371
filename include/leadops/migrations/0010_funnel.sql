-- Funnel: what happened on each local day, by campaign and source, and how long leads wait.
create schema analytics;

-- Which moments were touched, so that the days they lie in are built again. Filled by the triggers of identity and
-- lifecycle in the transaction that touches them, emptied by the funnel. Rounded down to quarters of an hour, to be
-- few: no zone's days begin between two of them.
create table analytics.inbox (
    inbox_id bigint generated always as identity primary key,
    moment timestamptz not null,
    noted_at timestamptz not null default now()
);

-- Days that were built, with the bounds and the settings they were built by.
create table analytics.built_days (
    dt date primary key,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    settings text not null,
    built_at timestamptz not null,
    is_checked boolean not null default false
);
comment on column analytics.built_days.settings is 'Hash of zone, names and windows; a day built by others is stale';
comment on column analytics.built_days.is_checked is 'The quality checks have seen it since it was last built';
create index built_days_early on analytics.built_days (ends_at) where built_at < ends_at;
create index built_days_unchecked on analytics.built_days (dt) where not is_checked;
create index built_days_settings on analytics.built_days (settings, dt);

create table analytics.dirty_days (
    dt date primary key,
    scope text not null check (scope in ('counts', 'figures')),
    since timestamptz not null
);
comment on table analytics.dirty_days is 'Built days that late rows touched and that are not built again yet';
comment on column analytics.dirty_days.scope is
'counts: all of the day; figures: only its lead and response times, which look back over other days';

-- What a question about a past day needs to know of the days: when each was built, and from when until when it was to
-- be built again.
create table analytics.builds (
    dt date not null,
    known_from timestamptz not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    settings text not null,
    primary key (dt, known_from)
);
comment on table analytics.builds is 'Each time a day was built';

create table analytics.stale_spells (
    dt date not null,
    known_from timestamptz not null,
    known_until timestamptz not null default 'infinity',
    check (known_from <= known_until)
);
comment on table analytics.stale_spells is 'From when until when the counts of a built day were to be built again';
create index stale_spells_dt on analytics.stale_spells (dt, known_until);

create table analytics.campaign_names (
    name text primary key check (char_length(name) <= 100),
    campaign text not null check (char_length(campaign) <= 100)
);
comment on table analytics.campaign_names is 'The campaigns that were renamed, as config/funnel.yaml says';

-- Counted once by the day it happened and the day its lead became MQL: both views are sums over it.
create table analytics.funnel_cells (
    dt date not null,
    cohort_dt date,
    campaign text check (char_length(campaign) <= 100),
    source text check (char_length(source) <= 100),
    rep_id text check (char_length(rep_id) <= 200),
    kpi_version text not null,
    leads bigint not null,
    mqls bigint not null,
    sals bigint not null,
    sqls bigint not null,
    wons bigint not null,
    losts bigint not null,
    value numeric(18, 2) not null,
    wons_without_value bigint not null,
    wons_without_rate bigint not null,
    mqls_apart bigint not null,
    left_out bigint not null,
    known_from timestamptz not null default now(),
    unique nulls not distinct (dt, cohort_dt, campaign, source, rep_id, kpi_version)
);
-- By one name there are sums (funnel_sums); by two, the cells are looked up.
create index funnel_cells_campaign_source on analytics.funnel_cells
(coalesce(campaign, ''), coalesce(source, ''), dt);
create index funnel_cells_campaign_rep on analytics.funnel_cells
(coalesce(campaign, ''), coalesce(rep_id, ''), dt);
create index funnel_cells_source_rep on analytics.funnel_cells
(coalesce(source, ''), coalesce(rep_id, ''), dt);
comment on column analytics.funnel_cells.cohort_dt is
'The day its lead became MQL; null: not MQL yet (leads), or no MQL on record';
comment on column analytics.funnel_cells.rep_id is
'Who accepted the lead, or else has it, or else is named for the stage; null: nobody, as of every new lead';
comment on column analytics.funnel_cells.wons_without_value is
'Won deals of which the CRM or the file says no value that can be read';
comment on column analytics.funnel_cells.wons_without_rate is
'Won deals in another currency, of which their month has no rate: their value is left out';
comment on column analytics.funnel_cells.mqls_apart is
'MQLs of accounts that are customers or have an open deal; they and their SALs and SQLs are counted nowhere else';
comment on column analytics.funnel_cells.left_out is 'Transitions of that day that are not counted, see left_out';
create index funnel_cells_cohort on analytics.funnel_cells (cohort_dt);
comment on column analytics.funnel_cells.known_from is 'Since when the cell says this';

-- What the cells said before: a refresh moves the rows that it changes here.
create table analytics.past_funnel_cells (
    like analytics.funnel_cells including constraints,
    known_until timestamptz not null,
    check (known_from <= known_until)
);
comment on table analytics.past_funnel_cells is 'Cells as they were before a later build, and from when until when';
create index past_funnel_cells_dt on analytics.past_funnel_cells (dt, known_until);
create index past_funnel_cells_cohort on analytics.past_funnel_cells (cohort_dt, known_until);

create function analytics.known_cells(moment timestamptz) returns setof analytics.funnel_cells
language sql stable as $$
    select
        dt, cohort_dt, campaign, source, rep_id, kpi_version, leads, mqls, sals, sqls, wons, losts, value,
        wons_without_value, wons_without_rate, mqls_apart, left_out, known_from
    from analytics.funnel_cells
    where moment is null or known_from < moment
    union all
    select
        dt, cohort_dt, campaign, source, rep_id, kpi_version, leads, mqls, sals, sqls, wons, losts, value,
        wons_without_value, wons_without_rate, mqls_apart, left_out, known_from
    from analytics.past_funnel_cells
    where known_from < moment and known_until >= moment
$$;
comment on function analytics.known_cells is 'The cells as they stood just before a moment; null: as they stand now';

create view analytics.daily_funnel as
select
    dt,
    campaign,
    source,
    rep_id,
    kpi_version,
    sum(leads)::bigint as leads,
    sum(mqls)::bigint as mqls,
    sum(sals)::bigint as sals,
    sum(sqls)::bigint as sqls,
    sum(wons)::bigint as wons,
    sum(losts)::bigint as losts,
    sum(value) as value,
    sum(wons_without_value)::bigint as wons_without_value,
    sum(wons_without_rate)::bigint as wons_without_rate,
    sum(mqls_apart)::bigint as mqls_apart,
    sum(left_out)::bigint as left_out
from analytics.funnel_cells
group by dt, campaign, source, rep_id, kpi_version;
comment on view analytics.daily_funnel is 'By the day it happened';

create view analytics.cohort_funnel as
select
    cohort_dt,
    campaign,
    source,
    rep_id,
    sum(mqls)::bigint as mqls,
    sum(sals)::bigint as sals,
    sum(sqls)::bigint as sqls,
    sum(wons)::bigint as wons,
    sum(losts)::bigint as losts,
    sum(value) as value,
    sum(wons_without_value)::bigint as wons_without_value,
    sum(wons_without_rate)::bigint as wons_without_rate,
    sum(mqls_apart)::bigint as mqls_apart,
    sum(left_out)::bigint as left_out
from analytics.funnel_cells
group by cohort_dt, campaign, source, rep_id
having sum(mqls + mqls_apart + sals + sqls + wons + losts + left_out) > 0;
comment on view analytics.cohort_funnel is 'What became of the MQLs of a day, on any built day; null: no MQL known';

-- The cells of a day summed over all, by campaign, by source and by salesperson: few rows for who reads many days.
create table analytics.funnel_sums (
    dimension text not null check (dimension in ('all', 'campaign', 'source', 'rep')),
    dt date not null,
    key text check (char_length(key) <= 200),
    leads bigint not null,
    mqls bigint not null,
    sals bigint not null,
    sqls bigint not null,
    wons bigint not null,
    losts bigint not null,
    value numeric(18, 2) not null,
    wons_without_value bigint not null,
    wons_without_rate bigint not null,
    mqls_apart bigint not null,
    left_out bigint not null,
    known_from timestamptz not null default now(),
    unique nulls not distinct (dimension, dt, key)
);
comment on column analytics.funnel_sums.key is 'Null: no campaign, source or salesperson; always of all';
comment on column analytics.funnel_sums.known_from is 'Since when the sum is this';

create table analytics.past_funnel_sums (
    like analytics.funnel_sums including constraints,
    known_until timestamptz not null,
    check (known_from <= known_until)
);
comment on table analytics.past_funnel_sums is 'Sums as they were before a later build, and from when until when';
create index past_funnel_sums_dt on analytics.past_funnel_sums (dimension, dt, known_until);

create function analytics.known_sums(moment timestamptz) returns setof analytics.funnel_sums
language sql stable as $$
    select
        dimension, dt, key, leads, mqls, sals, sqls, wons, losts, value, wons_without_value, wons_without_rate,
        mqls_apart, left_out, known_from
    from analytics.funnel_sums
    where moment is null or known_from < moment
    union all
    select
        dimension, dt, key, leads, mqls, sals, sqls, wons, losts, value, wons_without_value, wons_without_rate,
        mqls_apart, left_out, known_from
    from analytics.past_funnel_sums
    where known_from < moment and known_until >= moment
$$;
comment on function analytics.known_sums is 'The sums as they stood just before a moment; null: as they stand now';

-- The rows behind the cells: a new lead, or a stage that a lead reached. Written with the cells of the day.
create table analytics.funnel_entries (
    dt date not null,
    stage text not null check (stage in ('lead', 'mql', 'sal', 'sql', 'won', 'lost')),
    lead_id bigint not null,
    cycle integer not null,
    occurred_at timestamptz not null,
    cohort_dt date,
    campaign text check (char_length(campaign) <= 100),
    source text check (char_length(source) <= 100),
    rep_id text check (char_length(rep_id) <= 200),
    value numeric(18, 2),
    counts_as text not null check (counts_as in ('counted', 'apart', 'before_mql', 'reopened')),
    is_apart boolean not null,
    kpi_version text,
    is_foreign boolean not null default false,
    known_from timestamptz not null default now(),
    primary key (stage, dt, lead_id, cycle)
);
comment on table analytics.funnel_entries is 'What each number of the funnel counts, row by row';
comment on column analytics.funnel_entries.cycle is '0: a new lead, which has no cycle yet';
comment on column analytics.funnel_entries.counts_as is
'counted; apart: of an account that is a customer or has an open deal; before_mql, reopened: left out';
comment on column analytics.funnel_entries.is_apart is 'Its MQL is counted apart; such a deal counts, but in no cohort';
create index funnel_entries_cohorts on analytics.funnel_entries (cohort_dt)
where stage = 'won' and counts_as = 'counted' and not is_apart;
create index funnel_entries_left_out on analytics.funnel_entries (dt, lead_id, cycle, stage)
where counts_as in ('before_mql', 'reopened');

comment on column analytics.funnel_entries.is_foreign is 'Its value is in another currency; without a rate it has none';
comment on column analytics.funnel_entries.known_from is 'Since when the entry says this';

create table analytics.past_funnel_entries (
    like analytics.funnel_entries including constraints,
    known_until timestamptz not null,
    check (known_from <= known_until)
);
comment on table analytics.past_funnel_entries is
'Entries as they were before a later build, and from when until when';
create index past_funnel_entries_dt on analytics.past_funnel_entries (dt, known_until);

create function analytics.known_entries(day date, moment timestamptz) returns setof analytics.funnel_entries
language sql stable as $$
    select
        dt, stage, lead_id, cycle, occurred_at, cohort_dt, campaign, source, rep_id, value, counts_as, is_apart,
        kpi_version, is_foreign, known_from
    from analytics.funnel_entries
    where stage in ('lead', 'mql', 'sal', 'sql', 'won', 'lost') and dt = day and known_from < moment
    union all
    select
        dt, stage, lead_id, cycle, occurred_at, cohort_dt, campaign, source, rep_id, value, counts_as, is_apart,
        kpi_version, is_foreign, known_from
    from analytics.past_funnel_entries
    where dt = day and known_from < moment and known_until >= moment
$$;
comment on function analytics.known_entries is 'What the numbers of a day counted just before a moment';

create table analytics.left_out (
    dt date not null,
    lead_id bigint not null,
    cycle integer not null,
    stage text not null,
    occurred_at timestamptz not null,
    reason text not null check (reason in ('before_mql', 'reopened')),
    campaign text check (char_length(campaign) <= 100),
    source text check (char_length(source) <= 100),
    value numeric(18, 2),
    primary key (lead_id, cycle, stage)
);
comment on column analytics.left_out.reason is
'before_mql: impossible, it precedes its cycle''s MQL; reopened: won or lost, and the other one later';
create index left_out_dt on analytics.left_out (dt);

create function analytics.count_minutes(
    moment timestamptz, starts timestamptz[], ends timestamptz[], minutes_before double precision[]
) returns double precision language sql immutable as $$
    select case width_bucket(moment, starts)
        when 0 then 0
        else
            minutes_before[width_bucket(moment, starts)]
            + extract(
                epoch from least(moment, ends[width_bucket(moment, starts)]) - starts[width_bucket(moment, starts)]
            ) / 60
    end
$$;
comment on function analytics.count_minutes is
'Minutes of spans up to a moment; the spans in order, each with the minutes of those before it';

create view analytics.events as
select
    transitions.lead_id,
    'become_' || transitions.stage as event,
    transitions.occurred_at as event_time,
    coalesce(names.campaign, transitions.campaign) as campaign
from lifecycle.current_transitions as transitions
left join analytics.campaign_names as names on transitions.campaign = names.name;
comment on view analytics.events is 'The lifecycle as a list of events';

-- How long it took from MQL until sales had taken and contacted the lead.
create table analytics.response_times (
    lead_id bigint not null,
    cycle integer not null,
    rep_id text,
    campaign text check (char_length(campaign) <= 100),
    mql_at timestamptz not null,
    sal_at timestamptz,
    ended_at timestamptz,
    working_minutes double precision,
    wall_minutes double precision,
    local_hour smallint not null,
    cause text check (cause in ('night', 'holiday', 'queue', 'unassigned', 'feed_late', 'handling')),
    is_backfill boolean not null,
    dt date not null,
    primary key (lead_id, cycle)
);
comment on column analytics.response_times.sal_at is 'Null while open; so are the minutes and the cause';
comment on column analytics.response_times.ended_at is 'When it became SQL, was won or lost without a SAL';
comment on column analytics.response_times.working_minutes is 'Of working time, by sla.yaml';
comment on column analytics.response_times.local_hour is 'Of the MQL, in the company''s zone, 0 to 23';
comment on column analytics.response_times.cause is 'What the longest part of the time went by with';
comment on column analytics.response_times.is_backfill is
'The MQL came from a backfill, or from an import without a SAL: sales was not notified';
comment on column analytics.response_times.dt is 'The day of the MQL';
create index response_times_dt on analytics.response_times (dt);
-- The late ones are few, whatever the days.
create index response_times_minutes on analytics.response_times (working_minutes) where working_minutes is not null;

create table analytics.response_time_summaries (
    dt date not null,
    dimension text not null check (dimension in ('all', 'rep', 'campaign', 'hour')),
    key text check (char_length(key) <= 200),
    mqls bigint not null,
    open bigint not null,
    median_minutes double precision,
    q1_minutes double precision,
    q3_minutes double precision,
    low_whisker_minutes double precision,
    high_whisker_minutes double precision,
    working_median_minutes double precision,
    outliers jsonb not null,
    unique nulls not distinct (dt, dimension, key)
);
comment on table analytics.response_time_summaries is
'Minutes on the wall from MQL to SAL as known at the end of dt, of the MQLs of the days before (funnel.yaml)';
comment on column analytics.response_time_summaries.open is 'Of these no SAL was known; the quartiles are without them';
comment on column analytics.response_time_summaries.outliers is
'[{"lead_id", "cycle", "minutes", "cause"}], beyond 1.5 times the distance of the quartiles; the longest first';

create table analytics.lead_times (
    dt date not null,
    stage text not null check (stage in ('sal', 'sql', 'won')),
    scope text not null check (scope in ('all', 'campaign')),
    campaign text check (char_length(campaign) <= 100),
    mqls bigint not null,
    reached bigint not null,
    rate double precision not null,
    within_days double precision not null,
    rate_within double precision,
    rate_within_low double precision,
    rate_within_high double precision,
    rate_within_reason text check (rate_within_reason in ('too_few', 'too_young')),
    median_days double precision,
    median_low double precision,
    median_high double precision,
    median_reason text check (median_reason in ('too_few', 'not_reached')),
    p90_days double precision,
    p90_low double precision,
    p90_high double precision,
    p90_reason text check (p90_reason in ('too_few', 'not_reached')),
    closed_median_days double precision,
    closed_p90_days double precision,
    closed_mean_days double precision,
    closed_max_days double precision,
    unique nulls not distinct (dt, stage, scope, campaign)
);
comment on table analytics.lead_times is
'How many MQLs reach a stage and how fast, as known at the end of dt, of the MQLs of the days before (funnel.yaml)';
comment on column analytics.lead_times.rate is 'reached / mqls so far; leads that are still open count as not reached';
comment on column analytics.lead_times.rate_within is 'Kaplan–Meier, within within_days; with a 95 % interval';
comment on column analytics.lead_times.median_days is
'Kaplan–Meier: leads that have not reached it count with the time they have waited; days of 24 hours';
comment on column analytics.lead_times.median_high is 'Null: the interval is open upwards';
comment on column analytics.lead_times.closed_median_days is 'Only of leads that have reached it: too short';

create table analytics.quality_findings (
    dt date not null,
    kind text not null check (
        kind in ('impossible_order', 'missing_stage', 'gap', 'volume', 'unnamed_words')
    ),
    subject text not null check (char_length(subject) <= 200),
    lead_id bigint,
    facts jsonb not null,
    found_at timestamptz not null,
    open_until timestamptz not null,
    settled_at timestamptz,
    primary key (dt, kind, subject)
);
comment on column analytics.quality_findings.open_until is 'Until when it is an incident, unless somebody settles it';
create index quality_findings_open on analytics.quality_findings (open_until) where settled_at is null;

-- What makes days dirty: new and changed leads and transitions. Their tables call these functions from triggers, which
-- stand beside the tables in the files of identity and lifecycle.
create function analytics.mark_moments(moments timestamptz[]) returns void language sql as $$
    insert into analytics.inbox (moment)
    select unnest(moments)
$$;
comment on function analytics.mark_moments is 'The days of these moments must be built again';

create function analytics.mark_person(person bigint) returns void language sql as $$
    with head as (
        select coalesce(merged_into, lead_id) as lead_id from identity.leads where lead_id = person
        union
        select person
    ),
    members as (
        select leads.lead_id, leads.created_at from identity.leads as leads inner join head using (lead_id)
        union
        select leads.lead_id, leads.created_at from identity.leads as leads
        inner join head on leads.merged_into = head.lead_id
    )
    insert into analytics.inbox (moment)
    select created_at from members
    union
    select transitions.occurred_at
    from lifecycle.transitions as transitions
    where transitions.lead_id in (select lead_id from members union select person)
$$;
create function analytics.mark_leads(marked bigint[]) returns void language sql as $$
    insert into analytics.inbox (moment)
    select date_bin('15 minutes', created_at, 'epoch')
    from identity.leads
    where lead_id = any(marked)
    union
    select date_bin('15 minutes', occurred_at, 'epoch')
    from lifecycle.transitions
    where lead_id = any(marked)
$$;
comment on function analytics.mark_leads is 'All days of these leads must be built again';
comment on function analytics.mark_person is
'All days of the person of this lead must be built again: any of their leads and transitions may count differently';
