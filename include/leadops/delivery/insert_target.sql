insert into delivery.targets (target, tokens, refilled_at)
values (%(target)s, %(burst)s, %(now)s)
on conflict (target) do nothing
