-- name: read_minute
select
    (select count(*) from cdp.events as e where e.received_at > %(since)s) as events_in,
    (
        select coalesce(sum(b.deltas), 0)::bigint
        from delivery.batches as b
        where b.target = 'ma' and b.state = 'done' and b.settled_at > %(since)s
    ) as deltas_pushed,
    (
        select coalesce(extract(epoch from %(now)s::timestamptz - min(w.since)), 0)::double precision
        from (
            (
                select e.received_at as since
                from identity.inbox as i
                inner join cdp.events as e on i.event_seq = e.seq
                order by i.event_seq
                limit 1
            )
            union all
            (
                select l.recorded_at
                from scoring.ledger as l
                where
                    l.lane = 0
                    and l.seq > coalesce(
                        (select c.ledger_seq from delivery.cursors as c where c.target = 'ma' and c.lane = 0), 0
                    )
                order by l.seq
                limit 1
            )
            union all
            select min(b.created_at) from delivery.batches as b where b.state = 'ready'
            union all
            select min(o.created_at) from delivery.outbox as o where o.state in ('pending', 'sending')
        ) as w
    ) as oldest_pending_seconds,
    (select count(*) from incidents.incidents as i where i.state = 'open') as open_incidents;

-- name: read_first_push
select min(b.settled_at)
from delivery.batches as b
where b.target = 'ma' and b.state = 'done' and b.settled_at > %(since)s;
