-- name: list_leads
-- Leads with a won deal in another currency. A deal of an import may have lost its place to one of the CRM.
with times as (
    select * from unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) as times (since, until)
)

select won.lead_id
from times
inner join lifecycle.transitions as won
    on won.stage = 'won' and times.since <= won.occurred_at and times.until > won.occurred_at
where won.evidence ? 'currency'
union
select imported.lead_id
from times
inner join lifecycle.imported as imported
    on imported.stage = 'won' and times.since <= imported.occurred_at and times.until > imported.occurred_at
where imported.currency is not null
order by lead_id;

-- name: enqueue_leads
-- No contract is called so: the leads are evaluated again, whatever contract is in force.
insert into lifecycle.reevaluations (lead_id, decided_by)
select distinct
    coalesce(people.person_id, asked.lead_id),
    'other rates'
from unnest(%(leads)s::bigint[]) as asked (lead_id)
left join identity.people as people on asked.lead_id = people.lead_id
on conflict (lead_id) do update set decided_by = excluded.decided_by;
