-- Takes the head of one lane, and what the same leads have further on in the lane.
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
    select distinct lead_id
    from taken
)

select count(*) from head
