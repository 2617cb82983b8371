-- name: has_waiting
select exists(select from scoring.inbox where lane = %(lane)s);

-- name: take_leads
-- Takes the head of one lane, and what the same leads have further on in the lane. What a merged lead did counts for
-- the person's oldest lead. Of an erased lead the reasons are gone: its points stay as they are. The leads go on to
-- nurture and to consent: what they did, or whose acts count for them, may have changed.
with head as (
    select
        seq,
        lead_id
    from scoring.inbox
    where lane = %(lane)s
    order by seq
    limit %(chunk_size)s
),

taken as (
    delete from scoring.inbox
    where
        lane = %(lane)s
        and seq <= (select max(head.seq) + %(look_ahead)s from head)
        and lead_id in (select head.lead_id from head)
    returning lead_id
),

known as (
    insert into touched (lead_id)
    select named.lead_id
    from (
        select lead_id from taken
        union
        select people.person_id
        from taken
        inner join identity.people as people on taken.lead_id = people.lead_id
    ) as named
    where
        not exists (
            select from identity.leads as gone
            where gone.lead_id = named.lead_id and gone.erased_at is not null
        )
    returning lead_id
),

passed_on as (
    insert into nurture.inbox (lead_id)
    select lead_id from known
),

noted as (
    insert into consent.inbox (lead_id, lane)
    select
        lead_id,
        %(lane)s
    from known
)

select count(*) from head;

-- name: enqueue_leads
insert into scoring.inbox (lead_id, lane)
select
    listed.lead_id,
    %(lane)s::smallint
from unnest(%(leads)s::bigint[]) as listed (lead_id);

-- name: enqueue_classified
insert into scoring.inbox (lead_id, lane)
select distinct
    acts.lead_id,
    %(lane)s::smallint
from machines.acts as acts
where
    not exists (
        select from identity.leads as gone
        where gone.lead_id = acts.lead_id and gone.erased_at is not null
    )
order by acts.lead_id;

-- name: enqueue_every_lead
insert into scoring.inbox (lead_id, lane)
select
    lead_id,
    %(lane)s
from identity.leads
order by lead_id;

-- name: analyze_inbox
analyze scoring.inbox;

-- name: enqueue_interval
insert into scoring.inbox (lead_id, lane)
select distinct
    resolved.lead_id,
    %(lane)s::smallint
from cdp.events as events
inner join identity.resolved_events as resolved on events.seq = resolved.event_seq
where
    events.received_at >= %(start)s and events.received_at < %(stop)s
    and resolved.event_seq between %(first_seq)s and %(last_seq)s;
