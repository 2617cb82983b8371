insert into identity.aliases (kind, value, lead_id, event_seq, linked_at, confirmed_seq)
select
    kind,
    value,
    case when until_seq is null then lead_id else 0 end,
    event_seq,
    %(now)s,
    confirmed_seq
from linked
