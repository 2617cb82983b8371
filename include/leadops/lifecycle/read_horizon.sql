-- Writers of the ledger hold one lock until they commit: no smaller seq can appear behind this one.
select coalesce(max(seq), 0) from scoring.ledger
