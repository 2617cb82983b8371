select
    letters.target,
    count(*) as letters,
    min(letters.died_at) as first_at,
    (
        select array_agg(reasons.reason order by reasons.letters desc, reasons.reason asc)
        from (
            select
                reason,
                count(*) as letters
            from delivery.dead_letters
            where state = 'open' and target = letters.target
            group by reason
            order by count(*) desc, reason asc
            limit 3
        ) as reasons
    ) as reasons,
    count(distinct letters.lead_id) as leads,
    (array_agg(distinct letters.lead_id) filter (where letters.lead_id is not null))[1:5] as lead_ids
from delivery.dead_letters as letters
where letters.state = 'open'
group by letters.target
