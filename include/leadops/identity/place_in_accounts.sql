-- Ties leads to the company of their domain; no domain, no company. Two leads of one company stay two.
with told as (
    select
        lead_id,
        domain
    from unnest(%(leads)s::bigint[], %(domains)s::text[]) as told (lead_id, domain)
),

made as (
    insert into identity.accounts (domain, created_at)
    select distinct
        told.domain,
        %(now)s
    from told
    left join identity.accounts as known on told.domain = known.domain
    where told.domain is not null and known.account_id is null
    order by told.domain
    returning account_id, domain
),

companies as (
    select
        told.lead_id,
        coalesce(known.account_id, made.account_id) as account_id
    from told
    left join identity.accounts as known on told.domain = known.domain
    left join made on told.domain = made.domain
)

update identity.leads
set account_id = companies.account_id
from companies
where leads.lead_id = companies.lead_id and leads.account_id is distinct from companies.account_id
