-- What has faded since the last time, as rows of the ledger. It can be points back: of behaviour that was corrected.
insert into differences (lead_id, event_seq, rule, dimension, occurred_at, points, kind, reason)
select
    lead_id,
    null,
    'decay',
    'behaviour',
    (%(through)s::date + 1)::timestamp at time zone %(zone)s,
    worth - points + taken,
    'decay',
    'behaviour of ' || points || ' points is worth ' || worth || ' at the end of ' || %(through)s::date
from fades
where worth - points + taken <> 0
