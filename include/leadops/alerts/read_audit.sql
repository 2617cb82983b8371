-- The last comparison of the MA with the ledger that came to its end.
select
    night,
    ended_at,
    differing - healed as left_over,
    heal_limit,
    case when gone > gone_limit then gone end as gone,
    nullif(broken, 0) as broken,
    lead_ids
from delivery.audits
where ended_at is not null
order by audit_id desc
limit 1
