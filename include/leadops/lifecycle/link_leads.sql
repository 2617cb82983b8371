-- A lead of a later cycle may get another CRM id: wait on until its own creation is settled.
with found as (
    select
        unlinked.lead_id,
        unlinked.cycle,
        external_ids.external_id,
        exists(
            select 1 from delivery.outbox as creating
            where
                creating.target = 'crm'
                and creating.operation = 'create_lead'
                and creating.lead_id = unlinked.lead_id
                and creating.state in ('pending', 'sending')
        ) as is_open,
        coalesce(outbox.state = 'dropped', false) as is_dropped
    from lifecycle.unlinked as unlinked
    left join delivery.external_ids as external_ids
        on external_ids.target = 'crm' and unlinked.lead_id = external_ids.lead_id
    left join delivery.outbox as outbox
        on outbox.idempotency_key = 'crm-lead-' || unlinked.lead_id || '-' || unlinked.cycle
),

linked as (
    insert into lifecycle.links (crm_lead_id, lead_id, linked_at)
    select
        external_id,
        min(lead_id),
        %(now)s::timestamptz
    from found
    where external_id is not null
    group by external_id
    on conflict (crm_lead_id) do nothing
    returning lead_id
),

settled as (
    delete from lifecycle.unlinked
    using found
    where
        unlinked.lead_id = found.lead_id
        and unlinked.cycle = found.cycle
        and ((found.external_id is not null and not found.is_open) or found.is_dropped)
    returning unlinked.lead_id
)

select lead_id from linked
union
select lead_id from settled
