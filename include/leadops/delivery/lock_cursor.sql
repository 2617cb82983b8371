select ledger_seq
from delivery.cursors
where target = %(target)s and lane = %(lane)s
for update
