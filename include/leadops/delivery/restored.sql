-- name: read_mark
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

-- name: advance_mark
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

-- name: create_crm_leads
create temporary table if not exists crm_leads (
    external_id text not null,
    email text not null,
    address_hash text not null,
    key text,
    owner_id text
) on commit delete rows;

-- name: copy_crm_leads
copy crm_leads (external_id, email, address_hash, key, owner_id) from stdin;

-- name: delete_repeated
delete from crm_leads as earlier
using crm_leads as later
where earlier.external_id = later.external_id and earlier.ctid < later.ctid;

-- name: sum_difference
with news as (
    select
        theirs.external_id,
        exists(
            select 1 from delivery.outbox as requests
            where
                requests.target = 'crm'
                and requests.operation = 'create_lead'
                and requests.state in ('pending', 'sending')
                and requests.payload ->> 'idempotency_key' = theirs.key
        ) as is_requested,
        exists(select 1 from identity.leads as leads where leads.email = theirs.email) as is_known
    from crm_leads as theirs
    where
        not exists (
            select from delivery.external_ids as known
            where known.target = 'crm' and known.external_id = theirs.external_id
        )
        and not exists (
            select from delivery.found_leads as found
            where found.target = 'crm' and found.external_id = theirs.external_id
        )
)

select
    (select count(*) from crm_leads) as leads,
    count(*) filter (where news.is_requested) as by_key,
    count(*) filter (where news.is_known) as of_known,
    count(*) filter (where not news.is_known) as of_unknown,
    coalesce(
        (
            select array_agg(named.external_id order by length(named.external_id) desc, named.external_id desc)
            from (
                select others.external_id
                from news as others
                where not others.is_known
                order by length(others.external_id) desc, others.external_id desc
                limit %(max_rows)s
            ) as named
        ),
        '{}'
    ) as unknown_ids
from news;

-- name: find_requests
select
    requests.outbox_id,
    requests.lead_id,
    theirs.external_id as crm_id
from delivery.outbox as requests
inner join crm_leads as theirs on requests.payload ->> 'idempotency_key' = theirs.key
where
    requests.target = 'crm'
    and requests.operation = 'create_lead'
    and requests.state in ('pending', 'sending')
    and requests.lead_id is not null
order by requests.outbox_id;

-- name: settle_request
update delivery.outbox
set state = 'done', settled_at = %(now)s, error = 'found in the CRM'
where outbox_id = %(outbox_id)s;

-- name: keep_found
insert into delivery.found_leads (target, external_id, address_hash, found_at)
select
    'crm',
    theirs.external_id,
    theirs.address_hash,
    %(now)s
from crm_leads as theirs
where
    not exists (
        select from delivery.external_ids as known
        where known.target = 'crm' and known.external_id = theirs.external_id
    )
on conflict (target, external_id) do nothing;

-- name: find_known_people
-- Of several leads there for one address, the newest id counts: later requests are of later cycles.
select distinct on (leads.lead_id)
    leads.lead_id,
    theirs.external_id as crm_id
from crm_leads as theirs
inner join identity.leads as leads on theirs.email = leads.email
where
    not exists (
        select from delivery.external_ids as known
        where known.target = 'crm' and (known.external_id = theirs.external_id or known.lead_id = leads.lead_id)
    )
order by leads.lead_id asc, length(theirs.external_id) desc, theirs.external_id desc;

-- name: list_owners
select
    known.lead_id,
    theirs.owner_id
from crm_leads as theirs
inner join delivery.external_ids as known on known.target = 'crm' and theirs.external_id = known.external_id
where theirs.owner_id is not null
order by known.lead_id;

-- name: drop_owner_requests
update delivery.outbox
set state = 'dropped', settled_at = %(now)s, error = 'restored: the owner in the CRM stays'
where
    target = 'crm'
    and operation = 'set_owner'
    and state in ('pending', 'sending')
    and lead_id = any(%(lead_ids)s::bigint[]);

-- name: take_found
update delivery.found_leads
set taken_at = %(now)s
where (target, external_id) = (
    select
        free.target,
        free.external_id
    from delivery.found_leads as free
    where free.target = %(target)s and free.address_hash = %(address_hash)s and free.taken_at is null
    order by length(free.external_id) desc, free.external_id desc
    limit 1
)
returning external_id;
