-- name: tune_planner
-- A pack of many MQLs for each salesperson and campaign stays in memory.
select set_config('work_mem', '64MB', true);

-- name: pack_responses
-- Every MQL of these days that sales was notified of, with the time until sales took and contacted it; one that went on
-- or ended without that has waited infinitely, one that still waits has no time. Packed, because they are many.
select
    responses.campaign,
    case when %(names)s then coalesce(reps.profile ->> 'name', responses.rep_id) else responses.rep_id end as rep,
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
left join crm.reps as reps on %(names)s and responses.rep_id = reps.rep_id
where responses.dt between %(first_day)s and %(last_day)s and not responses.is_backfill
group by responses.campaign, rep;

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
