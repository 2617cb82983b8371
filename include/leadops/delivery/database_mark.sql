-- name: read_stored
-- The epoch in force is that of the last hold that ended; before the first, it is empty.
select
    coalesce(
        (
            select holds.epoch from delivery.holds as holds
            where holds.opened_at is not null
            order by holds.hold_id desc
            limit 1
        ),
        ''
    ) as epoch,
    (
        coalesce(%(epoch)s::text, '') = ''
        or exists (select from delivery.holds as holds where holds.epoch = %(epoch)s::text)
    ) as is_epoch_known,
    (select marks.mark from delivery.marks as marks where marks.holder = %(holder)s::text) as mark;

-- name: advance
insert into delivery.marks as known (holder, mark, since, marked_at)
values (%(holder)s, 1, %(now)s, %(now)s)
on conflict (holder) do update set mark = known.mark + 1, marked_at = excluded.marked_at
returning mark;

-- name: find_start
select since
from delivery.marks
where holder = %(holder)s;

-- name: find_hold
select
    hold_id,
    reason,
    held_at,
    facts,
    lost_since
from delivery.holds
where opened_at is null;

-- name: open_hold
insert into delivery.holds (reason, held_at, facts, lost_since)
values (%(reason)s, %(now)s, %(facts)s, %(lost_since)s)
on conflict ((true)) where opened_at is null do nothing;

-- name: end_hold
update delivery.holds
set opened_at = %(now)s, epoch = delivery.make_nonce()
where hold_id = %(hold_id)s and opened_at is null;

-- name: find_last_moment
-- Rows are also made in a hold, so they say less than the mark, which grows with calls only.
select
    coalesce(
        (select max(marked_at) from delivery.marks),
        (select max(created_at) from delivery.outbox)
    ) as moment;

-- name: find_lost_time
select (
    select lost_since
    from delivery.holds
    where opened_at is null or opened_at > %(ended_after)s::timestamptz
    order by hold_id desc
    limit 1
) as lost_since;

-- name: find_installation_id
select installation_id from delivery.installation;
