-- Opened by the one who saw it happen; once more while open counts up "times".
insert into alerts.incidents as known (kind, subject, opened_at, seen_at, facts)
select
    %(kind)s,
    %(subject)s,
    %(now)s,
    %(now)s as seen_at,
    %(facts)s || '{"times": 1}'
where
    -- A run that failed also misses its deadline: the failure is told, the rest is no news.
    %(kind)s <> 'run_missed_deadline'
    or not exists (
        select 1
        from alerts.incidents
        where kind = 'dag_failed' and subject = %(subject)s and state = 'open'
    )
on conflict (kind, subject) where state = 'open' do update
    set
        seen_at = greatest(known.seen_at, excluded.seen_at),
        clear_since = null,
        facts = excluded.facts
        || jsonb_build_object('times', coalesce((known.facts ->> 'times')::int, 1) + 1)
returning incident_id
