select
    min(head.event_seq) as first_seq,
    max(head.event_seq) as last_seq
from (select event_seq from identity.inbox order by event_seq limit %(chunk_size)s) as head
