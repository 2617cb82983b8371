-- name: note_canary
insert into cdp.canaries as known (email, reaches_ma, reaches_crm, made_at)
values (%(email)s, %(reaches_ma)s, %(reaches_crm)s, %(now)s)
on conflict (email) do update
    set reaches_ma = excluded.reaches_ma, reaches_crm = excluded.reaches_crm
    where (known.reaches_ma, known.reaches_crm) is distinct from (excluded.reaches_ma, excluded.reaches_crm);
