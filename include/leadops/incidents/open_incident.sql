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
    or not exists (
        select 1
        from incidents.incidents
        where kind = 'dag_failed' and subject = %(subject)s::text and state = 'open'
    )
on conflict (kind, subject) where state = 'open' do update
    set
        seen_at = greatest(known.seen_at, excluded.seen_at),
        clear_since = null,
        facts = excluded.facts
        || jsonb_build_object('times', coalesce((known.facts ->> 'times')::int, 1) + 1)
returning incident_id;
