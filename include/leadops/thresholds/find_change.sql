-- The newest decision, where it is a change and not too long ago, and whether the day has been decided.
select
    newest.day,
    newest.effective_at,
    newest.facts,
    exists(
        select from lifecycle.thresholds as own
        where own.day = %(day)s and own.effective_at is not null
    ) as is_decided
from (
    select *
    from lifecycle.thresholds
    where effective_at < %(until)s
    order by effective_at desc
    limit 1
) as newest
where
    newest.kpi_version = %(version)s
    and newest.decided_by in ('automatic', 'approved')
    and newest.effective_at >= %(since)s
