insert into identity.progress (last_seq)
values (%(last_seq)s)
on conflict (is_only) do update
    set last_seq = excluded.last_seq
    where progress.last_seq < excluded.last_seq
