-- Leads of the MA that are not ours; their ids are enough to look them up there.
select
    audited_leads.external_id,
    audited_leads.score,
    count(*) over () as strangers
from audited_leads
where
    not exists (
        select 1 from delivery.external_ids as known
        where known.target = 'ma' and known.external_id = audited_leads.external_id
    )
order by length(audited_leads.external_id), audited_leads.external_id
limit %(most)s
