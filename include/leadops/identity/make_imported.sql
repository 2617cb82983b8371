-- The new leads; one that a visitor's event makes at the same moment is left out, and all is looked up again.
insert into identity.leads (lead_id, email, created_at, campaign, source) overriding system value
select
    given.lead_id,
    given.email,
    given.created_at,
    given.campaign,
    given.source
from
    unnest(
        %(leads)s::bigint[], %(emails)s::text[], %(created)s::timestamptz[], %(campaigns)s::text[], %(sources)s::text[]
    ) as given (lead_id, email, created_at, campaign, source)
where given.lead_id = any(%(made)s::bigint[])
order by given.lead_id
on conflict (email) do nothing
