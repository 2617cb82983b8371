-- name: list_system_ids
-- What goes on for a lead after a merge is theirs too, unless somebody else is known by it.
select
    target || '_id' as kind,
    external_id as value
from delivery.external_ids
where
    lead_id = any(%(lead_ids)s::bigint[])
    and reason is distinct from 'erased'
union
select
    own.target || '_id' as kind,
    own.merged_into as value
from delivery.external_ids as own
where
    own.lead_id = any(%(lead_ids)s::bigint[])
    and own.merged_into is not null
    and not exists (
        select from delivery.external_ids as others
        where
            others.target = own.target
            and others.external_id = own.merged_into
            and others.lead_id <> all(%(lead_ids)s::bigint[])
    )
order by kind, value;

-- name: list_systems
-- Who has the leads, or gets them by a call that is under way; not one that has lost them.
select
    known.target,
    known.lead_id
from delivery.external_ids as known
where known.lead_id = any(%(lead_ids)s::bigint[]) and known.state in ('present', 'unaligned')
union
select
    sending.target,
    sending.lead_id
from delivery.outbox as sending
where
    sending.lead_id = any(%(lead_ids)s::bigint[])
    and sending.state = 'sending'
    and sending.operation in ('upsert_lead', 'create_lead')
except
select
    asked.target,
    asked.lead_id
from delivery.outbox as asked
where
    asked.lead_id = any(%(lead_ids)s::bigint[])
    and asked.operation = %(operation)s
    and asked.state in ('pending', 'sending', 'dead')
order by target, lead_id;

-- name: drop_unsent
update delivery.outbox
set state = 'dropped', settled_at = %(now)s
where
    lead_id = any(%(lead_ids)s::bigint[])
    and state in ('pending', 'dead')
    and operation <> %(operation)s;

-- name: close_letters
-- Letters about a request to erase stay open.
update delivery.dead_letters
set
    state = case when letters.state = 'open' then 'dropped' else letters.state end,
    settled_at = coalesce(letters.settled_at, %(now)s),
    reason = 'erased'
from delivery.dead_letters as letters
left join delivery.outbox as effects on letters.kind = 'effect' and letters.reference = effects.outbox_id
where
    dead_letters.dead_letter_id = letters.dead_letter_id
    and letters.lead_id = any(%(lead_ids)s::bigint[])
    and letters.reason <> 'erased'
    and effects.operation is distinct from %(operation)s;

-- name: delete_held
delete from delivery.held_deltas
where lead_id = any(%(lead_ids)s::bigint[]);

-- name: clear_settled
-- The row stays: it says that the call was made. Its key may be made from an identifier.
update delivery.outbox
set
    payload = '{}',
    request = null,
    body = null,
    answer = null,
    error = null,
    idempotency_key = case
        when operation = %(operation)s then idempotency_key else 'erased-' || outbox_id
    end,
    settled_at = coalesce(settled_at, %(now)s)
where lead_id = any(%(lead_ids)s::bigint[]) and state in ('done', 'dropped');

-- name: clear_bodies
-- A product's body cannot be taken apart here, and may hold rows that were settled before the others: where it holds
-- the id as a word, it goes as a whole. Our own rows keep everything but the id.
with pattern as (
    select
        '(?<![[:alnum:]])(?:' || string_agg(regexp_replace(known.id, '([^[:alnum:]])', '\\\1', 'g'), '|')
        || ')(?![[:alnum:]])' as of_ids
    from unnest(%(ma_ids)s::text[]) as known (id)
),

concerned as (
    select batches.batch_id
    from delivery.batches as batches
    cross join pattern
    where
        batches.state <> 'ready'
        and (
            batches.body ~ pattern.of_ids
            or exists (
                select from jsonb_array_elements(batches.rows::jsonb) as delta (delta)
                where delta.delta ->> 'external_id' = any(%(ma_ids)s::text[])
            )
        )
),

cleared as (
    select
        batches.batch_id,
        jsonb_agg(
            case
                when delta.delta ->> 'external_id' = any(%(ma_ids)s::text[])
                    then jsonb_set(delta.delta, '{external_id}', '"0"')
                else delta.delta
            end
            order by delta.place
        ) as rows
    from concerned
    inner join delivery.batches as batches on concerned.batch_id = batches.batch_id
    cross join jsonb_array_elements(batches.rows::jsonb) with ordinality as delta (delta, place)
    group by batches.batch_id
)

update delivery.batches
set request = null, body = null, rows = cleared.rows::json
from cleared
where batches.batch_id = cleared.batch_id;

-- name: delete_found
delete from delivery.found_leads
where
    address_hash = any(%(address_hashes)s::text[])
    or external_id = any(%(external_ids)s::text[]);

-- name: hide_ids
-- Once no call needs it, a name that only this database knows replaces the id. The MA's row keeps changes of the score
-- from being sent.
with needed as (
    select distinct
        effects.target,
        effects.lead_id
    from delivery.outbox as effects
    where
        effects.lead_id = any(%(lead_ids)s::bigint[])
        and (
            effects.state in ('pending', 'sending')
            or (effects.state = 'dead' and effects.operation = %(operation)s)
        )
    union
    select
        called.target,
        known.lead_id
    from delivery.external_ids as known
    inner join delivery.called_leads as called
        on known.target = called.target and known.external_id = called.external_id
    where known.lead_id = any(%(lead_ids)s::bigint[])
),

corrections as (
    update delivery.score_corrections
    set external_id = 'erased-' || lead_id
    where lead_id = any(%(lead_ids)s::bigint[])
)

insert into delivery.external_ids as known (target, lead_id, external_id, learned_at, state, changed_at, reason)
select
    systems.target,
    leads.lead_id,
    'erased-' || leads.lead_id,
    %(now)s::timestamptz,
    'gone',
    %(now)s::timestamptz,
    'erased'
from unnest(%(lead_ids)s::bigint[]) as leads (lead_id)
cross join (values ('ma'), ('crm')) as systems (target)
where
    not exists (
        select from needed where needed.target = systems.target and needed.lead_id = leads.lead_id
    )
    and (
        systems.target = 'ma'
        or exists (
            select from delivery.external_ids as present
            where present.target = systems.target and present.lead_id = leads.lead_id
        )
    )
on conflict (target, lead_id) do update
    set
        external_id = excluded.external_id,
        merged_into = null,
        state = 'gone',
        changed_at = excluded.changed_at,
        reason = 'erased',
        not_before = null
    where known.reason is distinct from 'erased';

-- name: drop_hopeless
-- A request whose lead the system never got: nothing waits before it, and no id is known.
update delivery.outbox as asked
set state = 'dropped', settled_at = %(now)s
where
    asked.lead_id = any(%(lead_ids)s::bigint[])
    and asked.operation = %(operation)s
    and asked.state = 'pending'
    and not exists (
        select from delivery.outbox as earlier
        where
            earlier.target = asked.target
            and earlier.lead_id = asked.lead_id
            and earlier.outbox_id < asked.outbox_id
            and earlier.state in ('pending', 'sending')
    )
    and not exists (
        select from delivery.external_ids as known
        where
            known.target = asked.target
            and known.lead_id = asked.lead_id
            and known.state in ('present', 'unaligned')
    );

-- name: has_open
select exists (
    select from delivery.outbox
    where
        lead_id = any(%(lead_ids)s::bigint[])
        and (state in ('pending', 'sending') or (state = 'dead' and operation = %(operation)s))
) or exists (
    select from delivery.external_ids as known
    inner join delivery.called_leads as called
        on known.target = called.target and known.external_id = called.external_id
    where known.lead_id = any(%(lead_ids)s::bigint[])
);

-- name: purge_batches
delete from delivery.batches
where batch_id in (
    select settled.batch_id
    from delivery.batches as settled
    where settled.state <> 'ready' and settled.settled_at < %(before)s
    order by settled.settled_at
    limit %(max_rows)s
);

-- name: purge_effects
update delivery.outbox
set payload = '{}', request = null, body = null, answer = null
where outbox_id in (
    select settled.outbox_id
    from delivery.outbox as settled
    where settled.state in ('done', 'dropped') and settled.body is not null and settled.settled_at < %(before)s
    order by settled.settled_at
    limit %(max_rows)s
);

-- name: purge_call_counts
delete from delivery.call_counts
where
    (target, starts_at) in (
        select
            counts.target,
            counts.starts_at
        from delivery.call_counts as counts
        where counts.starts_at < %(before)s
        limit %(max_rows)s -- noqa: AM09
    );

-- name: is_canary_settled
select not exists (
    select from delivery.outbox
    where
        lead_id = %(lead_id)s
        and (state in ('pending', 'sending') or (state = 'dead' and operation = %(operation)s))
) and not exists (
    select from delivery.external_ids as known
    inner join delivery.called_leads as called
        on known.target = called.target and known.external_id = called.external_id
    where known.lead_id = %(lead_id)s
);

-- name: remove_canary
with held as (
    delete from delivery.held_deltas where lead_id = %(lead_id)s
),

totals as (
    delete from delivery.totals where lead_id = %(lead_id)s
),

known as (
    delete from delivery.external_ids where lead_id = %(lead_id)s
)

select delivery.remove_canary(%(lead_id)s);
