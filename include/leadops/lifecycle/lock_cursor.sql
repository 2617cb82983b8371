select
    ledger_seq,
    thresholds
from lifecycle.cursors
where feed = 'ledger'
for update
