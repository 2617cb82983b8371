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
