insert into delivery.cursors (target, lane, ledger_seq)
values (%(target)s, %(lane)s, 0)
on conflict (target, lane) do nothing
