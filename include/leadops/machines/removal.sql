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

-- name: purge_freed
-- What an act is may change while this waits for its row, so both ask.
delete from machines.verdicts
where
    event_seq in (
        select old.event_seq
        from machines.verdicts as old
        where old.freed_at < %(before)s
        order by old.event_seq
        limit %(max_rows)s
    )
    and freed_at < %(before)s;

-- name: purge_lost_acts
delete from machines.acts
where (lead_id, event_seq) in (
    select
        lost.lead_id,
        lost.event_seq
    from machines.acts as lost
    where
        lost.ts < %(before)s
        and not exists (select from cdp.events as events where events.seq = lost.event_seq)
    order by lost.lead_id, lost.event_seq
    limit %(max_rows)s
);

-- name: purge_lost_verdicts
delete from machines.verdicts
where event_seq in (
    select lost.event_seq
    from machines.verdicts as lost
    where
        lost.classified_at < %(before)s
        and not exists (select from cdp.events as events where events.seq = lost.event_seq)
    order by lost.event_seq
    limit %(max_rows)s
);
