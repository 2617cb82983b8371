-- name: allow
insert into machines.allowed (kind, value, allowed_at, allowed_by, reason)
values (%(kind)s, %(value)s, %(now)s, %(by)s, %(reason)s)
on conflict (kind, value) do nothing;

-- name: disallow
delete from machines.allowed
where kind = %(kind)s and value = %(value)s;

-- name: list_allowed
select
    kind,
    value,
    allowed_at,
    allowed_by,
    reason
from machines.allowed
order by allowed_at, kind, value;

-- name: enqueue_leads
insert into scoring.inbox (lead_id, lane)
select distinct
    lead_id,
    %(lane)s::smallint
from machines.acts
where (%(kind)s = 'company' and company = %(value)s) or (%(kind)s = 'mail' and mail = %(value)s);
