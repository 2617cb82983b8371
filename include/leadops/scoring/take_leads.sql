-- Takes the head of one lane, and what the same leads have further on in the lane. What a lead did that was joined
-- to another is the other's.
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
    select lead_id
    from taken
    union
    select people.person_id
    from taken
    inner join identity.people as people on taken.lead_id = people.lead_id
)

select count(*) from head
