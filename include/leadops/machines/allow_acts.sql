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

-- name: list_domains
-- The mail domains that may be this company's: its own, and those below it.
select distinct split_part(email, '@', 2) as domain
from identity.leads
where right('.' || split_part(email, '@', 2), length(%(company)s::text) + 1) = '.' || %(company)s::text;

-- name: enqueue_domains
insert into scoring.inbox (lead_id, lane)
select distinct
    acts.lead_id,
    %(lane)s::smallint
from machines.acts as acts
inner join identity.leads as leads on acts.lead_id = leads.lead_id
where split_part(leads.email, '@', 2) = any(%(domains)s::text[]);

-- name: enqueue_mail
insert into scoring.inbox (lead_id, lane)
select distinct
    lead_id,
    %(lane)s::smallint
from machines.acts
where mail = %(mail)s;
