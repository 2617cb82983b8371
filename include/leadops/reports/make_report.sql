-- name: list_responses
-- Every MQL of these days that sales was notified of, with the time until sales took and contacted it, and whether it
-- went on or ended without that.
with mqls as (
    select *
    from analytics.response_times
    where dt between %(first_day)s and %(last_day)s and not is_backfill
),

ended as (
    select distinct
        mqls.lead_id,
        mqls.cycle
    from mqls
    inner join lifecycle.current_transitions as later
        on mqls.lead_id = later.lead_id and mqls.cycle = later.cycle and mqls.mql_at <= later.occurred_at
    where mqls.sal_at is null and later.stage in ('sql', 'won', 'lost')
)

select
    responses.campaign,
    responses.working_minutes as minutes,
    responses.cause,
    case when %(names)s then coalesce(reps.profile ->> 'name', responses.rep_id) else responses.rep_id end as rep,
    ended.lead_id is not null as has_ended,
    responses.local_hour as hour,
    responses.lead_id,
    responses.cycle
from mqls as responses
left join ended on responses.lead_id = ended.lead_id and responses.cycle = ended.cycle
left join crm.reps as reps on responses.rep_id = reps.rep_id
order by responses.lead_id, responses.cycle;

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
