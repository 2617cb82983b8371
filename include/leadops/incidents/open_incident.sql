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
