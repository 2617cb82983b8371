-- What is wrong now: open it, or bring the open incident up to date. One open incident per kind and subject.
insert into alerts.incidents as known (kind, subject, opened_at, seen_at, facts)
select
    found.kind,
    found.subject,
    found.opened_at,
    %(now)s,
    found.facts
from
    unnest(
        %(kinds)s::text[], %(subjects)s::text[], %(opened_at)s::timestamptz[], %(facts)s::jsonb[]
    ) as found (kind, subject, opened_at, facts)
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
returning (xmax = 0) as is_new
