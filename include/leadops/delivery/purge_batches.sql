delete from delivery.batches
where batch_id in (
    select settled.batch_id
    from delivery.batches as settled
    where settled.state <> 'ready' and settled.settled_at < %(before)s
    order by settled.settled_at
    limit %(most)s
)
