insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)
select
    kind,
    value,
    case when until_seq is null then lead_id else 0 end,
    event_seq,
    %(now)s
from linked
