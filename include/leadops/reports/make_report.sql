-- name: tune_planner
-- A pack of many MQLs for each salesperson and campaign stays in memory. Other processes would take longer to start
-- than they save.
select
    set_config('work_mem', '64MB', true) as work_mem,
    set_config('max_parallel_workers_per_gather', '0', true) as workers;

-- name: pack_responses
-- Every MQL of these days that sales was notified of, with the time until sales took and contacted it; one that went on
-- or ended without that has waited infinitely, one that still waits has no time. Packed, because they are many.
select
    responses.campaign,
    responses.rep_id as rep,
    count(*) as mqls,
    string_agg(
        float8send(
            coalesce(
                responses.working_minutes,
                case when responses.ended_at is null then 'nan' else 'infinity' end::double precision
            )
        ) || int2send(responses.local_hour), ''::bytea
    ) as answers
from analytics.response_times as responses
where responses.dt between %(first_day)s and %(last_day)s and not responses.is_backfill
group by responses.campaign, responses.rep_id;

-- name: list_rep_names
select
    rep_id,
    profile ->> 'name' as name
from crm.reps
where profile ->> 'name' is not null
order by rep_id;

-- name: count_late_causes
select
    cause,
    count(*) as answers
from analytics.response_times
where
    dt between %(first_day)s and %(last_day)s
    and not is_backfill
    and working_minutes > %(limit_minutes)s
    and cause is not null
group by cause
order by cause;

-- name: upsert_report
-- A report that is drawn again keeps the state of its post; other figures need another upload.
insert into reports.reports as known
(name, first_day, last_day, made_at, sentences, facts, picture, digest, file)
values (
    %(name)s, %(first_day)s, %(last_day)s, %(now)s, %(sentences)s, %(facts)s, %(picture)s, %(digest)s, %(file)s
)
on conflict (name, first_day, last_day) do update
    set
        made_at = case when known.digest = excluded.digest then known.made_at else excluded.made_at end,
        sentences = excluded.sentences,
        facts = excluded.facts,
        picture = excluded.picture,
        digest = excluded.digest,
        file = excluded.file,
        uploaded_file = case when known.digest = excluded.digest then known.uploaded_file end
returning report_id;

-- name: read_report
select
    report_id,
    name,
    facts,
    sentences,
    picture,
    digest,
    file,
    uploaded_file,
    unknown_since,
    posted_at,
    posted_digest
from reports.reports
where report_id = %(report_id)s;

-- name: note_uploaded
update reports.reports
set uploaded_file = %(uploaded_file)s
where report_id = %(report_id)s;

-- name: forget_post
-- The report is posted again, with a new upload.
update reports.reports
set uploaded_file = null, unknown_since = null, posted_at = null
where report_id = %(report_id)s;

-- name: note_attempt
update reports.reports
set unknown_since = coalesce(unknown_since, %(now)s)
where report_id = %(report_id)s;

-- name: note_refused
update reports.reports
set unknown_since = null
where report_id = %(report_id)s;

-- name: note_posted
update reports.reports
set posted_at = %(now)s, posted_digest = digest
where report_id = %(report_id)s;

-- name: clear_reports
update reports.reports
set
    sentences = erased.clear_json(sentences, %(pattern)s),
    facts = erased.clear_json(facts, %(pattern)s)
where sentences::text ~* %(pattern)s::text or facts::text ~* %(pattern)s::text;
