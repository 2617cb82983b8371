-- name: record_deltas
-- The first few leads are named; all changes are counted.
update delivery.targets
set
    duplicates = duplicates + cardinality(%(seqs)s::bigint[]),
    duplicates_at = %(now)s,
    duplicate_leads = (
        duplicate_leads || array(
            select distinct ledger.lead_id
            from scoring.ledger
            where ledger.seq = any(%(seqs)s::bigint[]) and not (ledger.lead_id = any(duplicate_leads))
        )
    )[1:5]
where target = %(target)s;

-- name: record_lead
update delivery.targets
set
    duplicates = duplicates + 1,
    duplicates_at = %(now)s,
    duplicate_leads = (array_remove(duplicate_leads, %(lead_id)s::bigint) || %(lead_id)s::bigint)[1:5]
where target = %(target)s;

-- name: forget
update delivery.targets
set duplicates = 0, duplicates_at = null, duplicate_leads = '{}'
where duplicates > 0;
