-- From this commit on these effects may have been sent: whoever finds them finishes them.
with due as (
    select wanted.outbox_id
    from delivery.outbox as wanted
    where
        wanted.target = %(target)s and wanted.lane = %(lane)s and wanted.state = 'pending'
        and (
            wanted.operation <> all(%(with_id)s::text[])
            or (
                exists (
                    select 1 from delivery.external_ids as known
                    where known.target = wanted.target and known.lead_id = wanted.lead_id
                )
                and not exists (
                    select 1 from delivery.outbox as earlier
                    where
                        earlier.target = wanted.target
                        and earlier.lead_id = wanted.lead_id
                        and earlier.outbox_id < wanted.outbox_id
                        and earlier.state in ('pending', 'sending')
                )
            )
        )
    order by wanted.outbox_id
    limit %(most)s
    for update skip locked
)

update delivery.outbox
set state = 'sending', body = payload::text, first_sent_at = %(now)s
from due
where delivery.outbox.outbox_id = due.outbox_id
