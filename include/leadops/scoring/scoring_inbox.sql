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

-- name: find_latest
select
    rule_set_id,
    hash
from scoring.rule_sets
order by rule_set_id desc
limit 1;

-- name: note_rule_file
with forgotten as (
    delete from scoring.rule_files
    where seen_at < %(now)s::timestamptz - interval '1 day' and source <> %(source)s
)

insert into scoring.rule_files as known (source, hash, seen_at)
values (%(source)s, %(hash)s, %(now)s)
on conflict (source) do update
    set hash = excluded.hash, seen_at = greatest(known.seen_at, excluded.seen_at)
    where known.hash <> excluded.hash or known.seen_at < excluded.seen_at - interval '1 minute';

-- name: is_superseded
-- Whether a file is an older one than the active rules, which others still use, and was not put back on purpose.
select
    exists (select from scoring.rule_sets where hash = %(hash)s)
    and exists (
        select from scoring.rule_files
        where hash = %(latest)s and source <> %(source)s and seen_at > %(used_since)s
    )
    and not exists (
        select from scoring.rule_files
        where source = %(source)s and hash = %(latest)s
    );

-- name: insert_rule_set
insert into scoring.rule_sets (hash, body, effective_at, reason)
values (%(hash)s, %(body)s, %(now)s, %(reason)s)
returning rule_set_id;

-- name: read_rule_set
select
    hash,
    body
from scoring.rule_sets
where rule_set_id = %(rule_set_id)s;
