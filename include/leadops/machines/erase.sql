-- name: clear_acts
update machines.acts
set
    mail = regexp_replace(mail, %(pattern)s::text, '[erased]', 'gi'),
    link = regexp_replace(link, %(pattern)s::text, '[erased]', 'gi')
where lead_id = any(%(lead_ids)s::bigint[]) and (mail ~* %(pattern)s::text or link ~* %(pattern)s::text);

-- name: clear_verdicts
update machines.verdicts
set
    reason = regexp_replace(reason, %(pattern)s::text, '[erased]', 'gi'),
    freed_because = regexp_replace(freed_because, %(pattern)s::text, '[erased]', 'gi')
where lead_id = any(%(lead_ids)s::bigint[]);
