insert into delivery.external_ids (target, lead_id, external_id, learned_at)
values (%(target)s, %(lead_id)s, %(external_id)s, %(now)s)
on conflict (target, lead_id) do update set external_id = excluded.external_id, learned_at = excluded.learned_at
