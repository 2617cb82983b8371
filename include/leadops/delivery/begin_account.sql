-- name: list_open_seqs
select (delta.delta ->> 'seq')::bigint as seq
from delivery.batches as batches
cross join json_array_elements(batches.rows) as delta (delta)
where batches.target = %(target)s and batches.state = 'ready' and (delta.delta ->> 'seq')::bigint > 0;

-- name: drop_batches
update delivery.batches
set state = 'dropped', settled_at = %(now)s, not_before = null, error = %(error)s
where target = %(target)s and state = 'ready';

-- name: list_erasures
select
    outbox_id,
    lead_id
from delivery.outbox
where target = %(target)s and operation = 'erase_lead' and state in ('pending', 'sending')
order by outbox_id;

-- name: mark_recreating
-- An id is empty until the new account gives one: no account gives an empty id.
update delivery.external_ids as known
set
    external_id = '',
    merged_into = null,
    state = 'recreating',
    changed_at = %(now)s,
    reason = 'another account',
    not_before = null
from identity.leads as leads
where
    known.target = 'ma'
    and known.lead_id = leads.lead_id
    and leads.email is not null
    and known.reason is distinct from 'erased'
returning known.lead_id;

-- name: forget_ids
delete from delivery.external_ids
where target = %(target)s and lead_id <> all(%(made)s::bigint[]);

-- name: drop_effects
-- Corrections are of scores in the former account. What needs an id waits for its lead where that is made.
update delivery.outbox as wanted
set state = 'dropped', settled_at = %(now)s, not_before = null, error = %(error)s
where
    wanted.target = %(target)s
    and wanted.state in ('pending', 'sending')
    and (
        wanted.operation = any(%(corrections)s::text[])
        or (
            wanted.operation = any(%(with_id)s::text[])
            and not exists (
                select from delivery.outbox as making
                where
                    making.target = wanted.target
                    and making.lead_id = wanted.lead_id
                    and making.operation in ('upsert_lead', 'create_lead')
                    and making.state in ('pending', 'sending')
            )
        )
    );

-- name: restart_effects
-- Whatever the former account did with these calls: the new one has seen none of them.
update delivery.outbox
set
    state = 'pending',
    attempts = 0,
    not_before = null,
    may_have_arrived = false,
    gone_answers = 0,
    nonce = delivery.make_nonce(),
    request = null,
    body = null,
    first_sent_at = null,
    error = null
where target = %(target)s and state = 'sending';

-- name: forget_totals
delete from delivery.totals
where target = %(target)s;

-- name: forget_found
delete from delivery.found_leads
where target = %(target)s;

-- name: end_pause
update delivery.targets
set paused_until = null, pause_reason = null
where target = %(target)s;

-- name: forget_quota
delete from delivery.quotas
where target = %(target)s;

-- name: draw_nonce
select left(gen_random_uuid()::text, 8);
