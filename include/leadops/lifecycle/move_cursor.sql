update lifecycle.cursors
set ledger_seq = %(to_seq)s, thresholds = %(thresholds)s
where feed = 'ledger'
