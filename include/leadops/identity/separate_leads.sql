insert into identity.separations (older_lead_id, younger_lead_id, separated_at, separated_by, reason)
values (%(older)s, %(younger)s, %(now)s, %(by)s, %(reason)s)
on conflict (older_lead_id, younger_lead_id) do nothing
