-- name: open_incident
-- Another time while it is open counts up "times".
insert into incidents.incidents as known (kind, subject, opened_at, seen_at, facts)
select
    %(kind)s::text,
    %(subject)s::text,
    %(now)s::timestamptz,
    %(now)s::timestamptz as seen_at,
    %(facts)s::jsonb || '{"times": 1}'
where
    -- A run that failed also misses its deadline: one incident is enough.
    %(kind)s::text <> 'run_missed_deadline'
    -- While no task runs at all, every run is late: one incident is enough.
    or not exists (
        select 1
        from incidents.incidents
        where
            state = 'open'
            and (
                (kind = 'dag_failed' and subject = %(subject)s::text)
                or kind = 'tasks_stopped'
            )
    )
on conflict (kind, subject) where state = 'open' do update
    set
        seen_at = greatest(known.seen_at, excluded.seen_at),
        clear_since = null,
        facts = excluded.facts
        || jsonb_build_object('times', coalesce((known.facts ->> 'times')::int, 1) + 1)
returning incident_id;

-- name: report_incident
-- Several processes may report the same problem: each adds the facts that it knows.
insert into incidents.incidents as known (kind, subject, opened_at, seen_at, facts)
values (%(kind)s, %(subject)s, %(since)s, %(now)s, %(facts)s)
on conflict (kind, subject) where state = 'open' do update
    set
        seen_at = greatest(known.seen_at, excluded.seen_at),
        clear_since = null,
        facts = known.facts || excluded.facts || jsonb_build_object(
            'worst', greatest((known.facts ->> 'worst')::float, (excluded.facts ->> 'worst')::float)
        );

-- name: record_past_incident
-- What could not be recorded while it lasted; nothing where another process has recorded the same outage.
insert into incidents.incidents (
    kind, subject, state, opened_at, seen_at, clear_since, resolved_at, facts
)
select
    %(kind)s::text,
    %(subject)s::text,
    'resolved' as state,
    %(opened_at)s::timestamptz,
    %(resolved_at)s::timestamptz as seen_at,
    %(resolved_at)s::timestamptz as clear_since,
    %(resolved_at)s::timestamptz,
    %(facts)s::jsonb
where
    not exists (
        select
        from incidents.incidents
        where
            kind = %(kind)s::text and subject = %(subject)s::text
            and opened_at <= %(resolved_at)s::timestamptz and resolved_at >= %(opened_at)s::timestamptz
    )
returning incident_id;

-- name: list_open_keys
select
    kind,
    subject
from incidents.incidents
where state = 'open' and kind = any(%(kinds)s::text[]);

-- name: limit_statements
select set_config('statement_timeout', %(duration)s, true);

-- name: count_open
select count(*) from incidents.incidents
where state = 'open';

-- name: record_incidents
-- Open what is firing, or update the open incident: at most one is open per kind and subject.
insert into incidents.incidents as known (kind, subject, opened_at, seen_at, facts)
select
    found.kind,
    found.subject,
    found.since,
    %(now)s,
    found.facts
from
    jsonb_to_recordset(%(findings)s::jsonb) as found (kind text, subject text, since timestamptz, facts jsonb)
order by found.kind, found.subject
on conflict (kind, subject) where state = 'open' do update
    set
        seen_at = greatest(known.seen_at, excluded.seen_at),
        clear_since = null,
        facts = excluded.facts || case
            when excluded.facts ? 'worst'
                then jsonb_build_object(
                    'worst', greatest((known.facts ->> 'worst')::float, (excluded.facts ->> 'worst')::float)
                )
            else '{}'::jsonb
        end
returning (xmax = 0) as is_new;

-- name: clear_incidents
-- Note since when it has been ok again.
update incidents.incidents as known
set
    clear_since = coalesce(known.clear_since, greatest(found.since, known.opened_at)),
    facts = known.facts || found.facts
from
    jsonb_to_recordset(%(findings)s::jsonb) as found (kind text, subject text, since timestamptz, facts jsonb)
where known.kind = found.kind and known.subject = found.subject and known.state = 'open';

-- name: doubt_incidents
-- The status is unknown: an open incident stays open, and `clear_after_minutes` starts again.
update incidents.incidents as known
set clear_since = null
from jsonb_to_recordset(%(findings)s::jsonb) as found (kind text, subject text)
where
    known.kind = found.kind and known.subject = found.subject
    and known.state = 'open' and known.clear_since is not null;

-- name: resolve_incidents
-- Resolve what has been ok long enough, as of the time when it became ok; not where its check failed.
update incidents.incidents
set
    state = 'resolved',
    resolved_at = clear_since
where
    state = 'open'
    and not kind = any(%(unknown)s::text[])
    and (clear_since <= %(cleared_before)s or (clear_since is not null and kind = any(%(at_once)s::text[])));

-- name: escalate_incidents
update incidents.incidents as known
set escalated_at = %(now)s::timestamptz
from unnest(%(kinds)s::text[], %(after)s::interval[]) as kinds (kind, after)
where
    known.kind = kinds.kind and known.state = 'open'
    and known.escalated_at is null and known.clear_since is null and known.acknowledged_at is null
    and known.opened_at <= %(now)s::timestamptz - kinds.after;

-- name: read_incidents
select
    incidents.incident_id,
    incidents.kind,
    incidents.subject,
    incidents.opened_at,
    incidents.resolved_at,
    incidents.escalated_at,
    incidents.acknowledged_at,
    incidents.facts,
    incidents.message_id,
    incidents.page_id
from unnest(%(incident_ids)s::bigint[]) with ordinality as chosen (incident_id, place)
inner join incidents.incidents as incidents on chosen.incident_id = incidents.incident_id
order by chosen.place;

-- name: list_announced
select incident_id
from incidents.incidents
where message_id = any(%(message_ids)s::bigint[])
order by message_id, opened_at, incident_id;

-- name: list_unannounced
select incident_id
from incidents.incidents
where message_id is null and not is_suppressed
order by opened_at, incident_id;

-- name: count_open_of_kinds
select count(*) from incidents.incidents
where state = 'open' and kind = any(%(kinds)s::text[]);

-- name: suppress
update incidents.incidents
set is_suppressed = true, message_id = null
where incident_id = any(%(incidents)s::bigint[]);

-- name: assign_message
update incidents.incidents
set message_id = %(message_id)s
where incident_id = any(%(incidents)s::bigint[]);

-- name: list_paged
select incident_id
from incidents.incidents
where page_id = any(%(page_ids)s::bigint[])
order by page_id, opened_at, incident_id;

-- name: list_unpaged
-- Only open ones: nobody is called for what is over.
select incident_id
from incidents.incidents
where state = 'open' and page_id is null and kind = any(%(kinds)s::text[])
order by opened_at, incident_id;

-- name: assign_page
-- What only PagerDuty gets is kept out of Slack.
update incidents.incidents
set
    page_id = %(page_id)s,
    is_suppressed = is_suppressed or (message_id is null and kind = any(%(only_paged)s::text[]))
where incident_id = any(%(incidents)s::bigint[]);

-- name: acknowledge
update incidents.incidents
set acknowledged_at = %(now)s
where incident_id = %(incident_id)s and state = 'open' and acknowledged_at is null;

-- name: clear_facts
with cleared as (
    update incidents.incidents
    set facts = regexp_replace(facts::text, %(pattern)s::text, '[erased]', 'gi')::jsonb
    where facts::text ~* %(pattern)s::text
    returning message_id
)

select distinct message_id
from cleared
where message_id is not null
order by message_id;

-- name: purge_incidents
delete from incidents.incidents
where incident_id in (
    select old.incident_id
    from incidents.incidents as old
    where old.state = 'resolved' and old.resolved_at < %(before)s
    order by old.incident_id
    limit %(max_rows)s
);

-- name: purge_task_results
delete from incidents.task_results
where ctid = any(
    array(
        select old.ctid
        from incidents.task_results as old
        where old.finished_at < %(before)s
        order by old.finished_at
        limit %(max_rows)s
    )
);
