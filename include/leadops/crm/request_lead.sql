-- name: request_leads
select
    crm.request_lead(
        asked.lead_id, asked.cycle, asked.email, asked.company, asked.source,
        asked.idempotency_key, asked.lane, %(now)s::timestamptz
    ) as outbox_id
from (
    select given.*
    from
        jsonb_to_recordset(%(requests)s) as given (
            lead_id bigint, cycle integer, email text, company text, source text,
            idempotency_key text, lane smallint
        )
    order by given.lead_id
) as asked;
