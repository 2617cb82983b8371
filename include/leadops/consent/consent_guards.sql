-- name: forget_passed
-- What is not passed on is not known there. The records of leads that share it are of one mind.
with dropped as (
    select
        records.target,
        records.external_id
    from consent.records as records
    where records.target = %(target)s and records.lead_id = any(%(lead_ids)s::bigint[])
),

forgotten as (
    update consent.records
    set passed = null, said_at = null
    from dropped
    where records.target = dropped.target and records.external_id = dropped.external_id
)

insert into consent.inbox (lead_id)
select listed.lead_id
from unnest(%(lead_ids)s::bigint[]) as listed (lead_id);
