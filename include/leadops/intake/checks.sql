-- name: count_form_refusals
-- The most frequent reason first.
select
    reason,
    sum(times)::bigint as times
from intake.form_refusals
where counted_at >= %(since)s and not reason = any(%(ignored)s::text[])
group by reason
order by times desc, reason asc;

-- name: count_forms
select count(*) from intake.raw_leads
where received_at >= %(since)s;
