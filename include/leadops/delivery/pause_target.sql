insert into delivery.targets as held (target, tokens, refilled_at, paused_until, pause_reason)
values (%(target)s, 0, %(until)s, %(until)s, %(reason)s)
on conflict (target) do update
    set
        paused_until = greatest(held.paused_until, excluded.paused_until),
        pause_reason = excluded.pause_reason
