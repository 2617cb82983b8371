-- Of effects whose last wish wins, those after which the same was wanted anew: sent now, they would undo it.
update delivery.outbox as old
set state = 'dropped', settled_at = %(now)s
where
    old.outbox_id = any(%(outbox_ids)s)
    and old.operation = any(%(with_id)s::text[])
    and exists (
        select 1 from delivery.outbox as newer
        where
            newer.target = old.target
            and newer.operation = old.operation
            and newer.lead_id = old.lead_id
            and newer.outbox_id > old.outbox_id
            and newer.state in ('pending', 'sending', 'done')
    )
returning old.outbox_id
