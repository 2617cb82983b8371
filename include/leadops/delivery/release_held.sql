-- The score changes that waited for leads which nobody wants in the target any more.
delete from delivery.held_deltas as held
using delivery.outbox as given_up
where
    given_up.outbox_id = any(%(outbox_ids)s)
    and given_up.operation = 'upsert_lead'
    and held.target = given_up.target
    and held.lead_id = given_up.lead_id
    and not exists (
        select 1 from delivery.external_ids as known
        where known.target = held.target and known.lead_id = held.lead_id
    )
returning held.ledger_seq
