-- name: create_restored_leads
create temporary table if not exists restored_leads (
    external_id text not null,
    email text,
    score bigint,
    our_number bigint
) on commit delete rows;

-- name: copy_restored_leads
copy restored_leads (external_id, email, score, our_number) from stdin;

-- name: delete_repeated
-- While the pages were read, a lead may have moved to a later page, and is listed twice: the later one counts.
delete from restored_leads as earlier
using restored_leads as later
where earlier.external_id = later.external_id and earlier.ctid < later.ctid;

-- name: create_sent_points
-- What was sent to each lead of the MA, by what is on record: the ledger without what waits, is held, is under way or
-- was refused. Leads of ours with one id there share its score. A call of unknown outcome makes its lead unknown.
create temporary table sent_points as
with totals as (
    select
        lead_id,
        sum(points) as points
    from scoring.ledger
    group by lead_id
),

open_points as (
    select
        ledger.lead_id,
        sum(ledger.points) as points,
        bool_or(undelivered.why = 'sending') as is_sending
    from delivery.undelivered_deltas as undelivered
    inner join scoring.ledger as ledger on undelivered.ledger_seq = ledger.seq
    where undelivered.target = 'ma' and undelivered.why <> 'dropped'
    group by ledger.lead_id
),

correcting as (
    select lead_id
    from delivery.outbox
    where target = 'ma' and operation = 'correct_score' and state in ('pending', 'sending')
    union
    select lead_id
    from delivery.dead_letters
    where target = 'ma' and state = 'open'
)

select
    known.external_id,
    min(known.lead_id) as lead_id,
    sum(coalesce(totals.points, 0) - coalesce(open_points.points, 0))::bigint as points,
    bool_or(coalesce(open_points.is_sending, false) or correcting.lead_id is not null) as is_unknown
from delivery.external_ids as known
left join totals on known.lead_id = totals.lead_id
left join open_points on known.lead_id = open_points.lead_id
left join correcting on known.lead_id = correcting.lead_id
where known.target = 'ma' and known.state = 'present'
group by known.external_id;

-- name: drop_sent_points
drop table sent_points;

-- name: sum_difference
with gaps as (
    select
        sent.lead_id,
        theirs.score - sent.points as points
    from sent_points as sent
    inner join restored_leads as theirs on sent.external_id = theirs.external_id
    where theirs.score <> sent.points
),

unknown as (
    select theirs.external_id
    from restored_leads as theirs
    where
        not exists (
            select from delivery.external_ids as known
            where known.target = 'ma' and known.external_id = theirs.external_id
        )
        and not exists (select from identity.leads as leads where leads.email = theirs.email)
),

lost as (
    select leads.lead_id
    from restored_leads as theirs
    inner join identity.leads as leads on theirs.email = leads.email
    left join delivery.external_ids as known on leads.lead_id = known.lead_id and known.target = 'ma'
    where known.external_id is null
)

select
    (select count(*) from restored_leads) as leads,
    (select count(*) from unknown) as unknown,
    coalesce(
        (
            select array_agg(named.external_id order by length(named.external_id) desc, named.external_id desc)
            from (
                select unknown.external_id
                from unknown
                order by length(unknown.external_id) desc, unknown.external_id desc
                limit %(max_rows)s
            ) as named
        ),
        '{}'
    ) as unknown_ids,
    (select count(*) from lost) as adopted,
    (select count(*) from gaps where gaps.points > 0) as ahead,
    (select coalesce(sum(gaps.points), 0)::bigint from gaps where gaps.points > 0) as points_ahead,
    (select count(*) from gaps where gaps.points < 0) as behind,
    (select coalesce(-sum(gaps.points), 0)::bigint from gaps where gaps.points < 0) as points_behind,
    coalesce(
        (
            select array_agg(named.lead_id order by abs(named.points) desc, named.lead_id asc)
            from (
                select
                    gaps.lead_id,
                    gaps.points
                from gaps
                order by abs(gaps.points) desc, gaps.lead_id asc
                limit %(max_rows)s
            ) as named
        ),
        '{}'
    ) as differing_leads,
    (
        (select count(*) from delivery.batches where state = 'ready')
        + (select count(*) from delivery.outbox where state = 'sending')
    ) as under_way,
    -- A number far beyond ours is from another system that writes there too.
    (
        select coalesce(max(theirs.our_number), 0)
        from restored_leads as theirs
        where
            theirs.our_number
            <= (select coalesce(max(leads.lead_id), 0) from identity.leads as leads) + %(most_lost)s::bigint
    ) as highest_lead;

-- name: find_lost_ids
-- A lead whose id we do not know, or whose id there is gone or is now somebody else's, while the MA has its address.
select
    leads.lead_id,
    min(theirs.external_id collate "C") as ma_id
from restored_leads as theirs
inner join identity.leads as leads on theirs.email = leads.email
left join delivery.external_ids as known on leads.lead_id = known.lead_id and known.target = 'ma'
left join restored_leads as named on known.external_id = named.external_id
where
    known.external_id is null
    or (
        known.state = 'present'
        and known.external_id <> theirs.external_id
        and named.email is distinct from leads.email
    )
group by leads.lead_id;

-- name: keep_found
-- Leads with points of the lost time: whoever gets their id later has points there that no ledger explains.
insert into delivery.found_leads (target, external_id, address_hash, found_at)
select
    'ma',
    theirs.external_id,
    encode(sha256(convert_to(theirs.email, 'UTF8')), 'hex'),
    %(now)s
from restored_leads as theirs
where
    theirs.email is not null
    and theirs.score is distinct from 0
    and not exists (
        select from delivery.external_ids as known
        where known.target = 'ma' and known.external_id = theirs.external_id
    )
on conflict (target, external_id) do nothing;

-- name: find_gone_again
select distinct theirs.external_id
from restored_leads as theirs
inner join delivery.external_ids as known on theirs.external_id = known.external_id
where known.target = 'ma' and known.state = 'gone';

-- name: unalign_differing
-- Leads whose score there is not what was sent, and those with a call whose outcome nobody here knows.
update delivery.external_ids as known
set state = 'unaligned', changed_at = %(now)s, reason = %(reason)s, not_before = null
from sent_points as sent
inner join restored_leads as theirs on sent.external_id = theirs.external_id
where
    known.target = 'ma'
    and known.external_id = sent.external_id
    and known.state = 'present'
    and (sent.is_unknown or theirs.score is distinct from sent.points);

-- name: hold_waiting
-- What waits is held too, so that aligning a lead counts it at once: an event that was replayed meets its own points in
-- the MA, and the score does not fall and rise.
with waiting as materialized (
    select
        ledger.seq,
        ledger.lead_id,
        ledger.lane
    from delivery.undelivered_deltas as undelivered
    inner join scoring.ledger as ledger on undelivered.ledger_seq = ledger.seq
    where undelivered.target = 'ma' and undelivered.why = 'waiting'
),

held as (
    insert into delivery.held_deltas (ledger_seq, target, lead_id, lane)
    select
        waiting.seq,
        'ma',
        waiting.lead_id,
        waiting.lane
    from waiting
    on conflict (ledger_seq) do nothing
)

insert into delivery.cursors as known (target, lane, ledger_seq)
select
    'ma',
    waiting.lane,
    max(waiting.seq)
from waiting
group by waiting.lane
on conflict (target, lane) do update set ledger_seq = greatest(known.ledger_seq, excluded.ledger_seq);

-- name: hold_under_way
-- What a call under way carried waits with the other points of its lead: its total decides whether it arrived.
insert into delivery.held_deltas (ledger_seq, target, lead_id, lane)
select
    undelivered.ledger_seq,
    undelivered.target,
    ledger.lead_id,
    coalesce(ledger.lane, 1)
from delivery.undelivered_deltas as undelivered
inner join scoring.ledger as ledger on undelivered.ledger_seq = ledger.seq
where undelivered.target = 'ma' and undelivered.why = 'sending'
on conflict (ledger_seq) do nothing;

-- name: drop_batches
update delivery.batches
set state = 'dropped', settled_at = %(now)s, error = %(reason)s
where target = 'ma' and state = 'ready';

-- name: drop_corrections
-- When the lead is aligned, its whole total is compared.
update delivery.outbox
set state = 'dropped', settled_at = %(now)s, error = %(reason)s
where target = 'ma' and operation = 'correct_score' and state in ('pending', 'sending');
