select
    %(prefix)s || '-' || ledger.seq as "deltaId",
    known.external_id::bigint as "leadId",
    ledger.points as delta,
    ledger.reason
from scoring.ledger as ledger
inner join delivery.external_ids as known on ledger.lead_id = known.lead_id and known.target = 'ma'
where ledger.seq between %(first)s and %(last)s
order by ledger.seq
