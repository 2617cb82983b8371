-- What waits for an id that will never come, now that nothing is left that would make the lead.
update delivery.outbox as follower
set state = 'dropped', settled_at = %(now)s
from delivery.outbox as given_up
where
    given_up.outbox_id = any(%(outbox_ids)s)
    and follower.target = given_up.target
    and follower.lead_id = given_up.lead_id
    and follower.state = 'pending'
    and follower.operation = any(%(with_id)s::text[])
    and not exists (
        select 1 from delivery.external_ids as known
        where known.target = follower.target and known.lead_id = follower.lead_id
    )
    and not exists (
        select 1 from delivery.outbox as other
        where
            other.target = follower.target
            and other.lead_id = follower.lead_id
            and other.state in ('pending', 'sending', 'dead')
            and other.operation <> all(%(with_id)s::text[])
    )
