-- The last comparison of the MA with the ledger that came to its end.
select
    night,
    ended_at,
    differing - corrected as left_over,
    correction_limit,
    case when missing_in_ma > missing_limit then missing_in_ma end as missing,
    nullif(inconsistent, 0) as broken,
    lead_ids
from delivery.audits
where ended_at is not null
order by audit_id desc
limit 1
