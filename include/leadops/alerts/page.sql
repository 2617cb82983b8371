-- name: read_pages
select
    pages.page_id,
    pages.dedup_key,
    pages.state,
    pages.attempts,
    pages.tried_at,
    pages.unknown_since
from unnest(%(page_ids)s::bigint[]) with ordinality as chosen (page_id, place)
inner join alerts.pages as pages on chosen.page_id = pages.page_id
order by chosen.place;

-- name: list_open_pages
-- Those never tried first, then the longest untried.
select page_id
from alerts.pages
where state in ('pending', 'triggered', 'acknowledged')
order by tried_at nulls first, page_id;

-- name: lock_page
select page_id
from alerts.pages
where page_id = %(page_id)s and state in ('pending', 'triggered', 'acknowledged')
for update skip locked;

-- name: lock_page_attempt
select
    attempts as number,
    unknown_since
from alerts.pages
where page_id = %(page_id)s and state in ('pending', 'triggered', 'acknowledged')
for update;

-- name: note_page_attempt
update alerts.pages
set
    attempts = attempts + 1,
    tried_at = %(now)s::timestamptz,
    unknown_since = coalesce(unknown_since, %(now)s::timestamptz)
where page_id = %(page_id)s;

-- name: note_page_refused
update alerts.pages
set unknown_since = null
where page_id = %(page_id)s;

-- name: note_page_state
update alerts.pages
set
    state = %(state)s,
    unknown_since = null,
    triggered_at = case when %(state)s::text = 'triggered' then %(now)s::timestamptz else triggered_at end
where page_id = %(page_id)s;

-- name: insert_page
-- The nonce: numbers start again after a restored backup, and PagerDuty remembers the keys of before.
insert into alerts.pages (dedup_key, digest_group, created_at)
values (
    concat_ws('-', 'leadops', %(installation)s::text, %(subject)s::text, delivery.make_nonce()),
    %(digest_group)s,
    %(now)s
)
returning page_id;

-- name: lock_page_digest
-- The lock keeps another process from resolving the digest at the moment when it takes in a new incident. One that
-- somebody has acknowledged wakes nobody any more: new incidents get another.
select page_id
from alerts.pages
where
    digest_group = %(digest_group)s and state in ('pending', 'triggered')
    and created_at > %(since)s
order by page_id desc
limit 1
for update;

-- name: adopt_page
insert into alerts.pages (dedup_key, created_at, unknown_since)
values (%(dedup_key)s, %(now)s, %(now)s)
on conflict (dedup_key) where state in ('pending', 'triggered', 'acknowledged') do update
    set unknown_since = coalesce(pages.unknown_since, excluded.unknown_since)
returning page_id;

-- name: doubt_pages
update alerts.pages
set unknown_since = created_at
where state = 'pending' and unknown_since is null and created_at < %(before)s;
