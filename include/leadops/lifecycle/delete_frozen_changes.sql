delete from lifecycle.frozen_changes where quarter <> all(%(quarters)s)
