insert into lifecycle.cursors (feed, ledger_seq) values ('ledger', 0)
on conflict (feed) do nothing
