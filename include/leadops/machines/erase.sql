-- name: clear_acts
-- Acts of others too: their mails and links may quote the person.
update machines.acts
set
    mail = left(regexp_replace(mail, %(pattern)s::text, '[erased]', 'gi'), 200),
    link = left(regexp_replace(link, %(pattern)s::text, '[erased]', 'gi'), 200)
where mail ~* %(pattern)s::text or link ~* %(pattern)s::text;

-- name: clear_verdicts
update machines.verdicts
set
    reason = regexp_replace(reason, %(pattern)s::text, '[erased]', 'gi'),
    freed_because = regexp_replace(freed_because, %(pattern)s::text, '[erased]', 'gi')
where reason ~* %(pattern)s::text or freed_because ~* %(pattern)s::text;

-- name: clear_allowed
-- An allowed mail gets the name that it now has in the events, so that it stays allowed.
with cleared as (
    delete from machines.allowed
    where value ~* %(pattern)s::text or reason ~* %(pattern)s::text
    returning kind, value, allowed_at, allowed_by, reason
)

select
    kind,
    left(regexp_replace(value, %(pattern)s::text, '[erased]', 'gi'), 200) as value,
    allowed_at,
    allowed_by,
    regexp_replace(reason, %(pattern)s::text, '[erased]', 'gi') as reason
from cleared;

-- name: allow_again
insert into machines.allowed (kind, value, allowed_at, allowed_by, reason)
values (%(kind)s, %(value)s, %(allowed_at)s, %(allowed_by)s, %(reason)s)
on conflict (kind, value) do nothing;
