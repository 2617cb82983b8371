-- name: take_inbox
delete from nurture.inbox
where
    inbox_id in (
        select waiting.inbox_id
        from nurture.inbox as waiting
        order by waiting.inbox_id
        limit %(max_rows)s
    )
returning lead_id;

-- name: list_acts
-- The acts by which people enter: of those who count, who are more than claimed, and who are not erased. Events come in
-- order, so the seq of the first that arrived since keeps the look-ups of a lead to its newest events.
with rules as materialized (
    select listed.*
    from
        jsonb_to_recordset(%(rules)s) as listed (
            programme text, version integer, since timestamptz, until timestamptz, event text, condition jsonpath
        )
),

first_event as materialized (
    select min(early.seq) as seq
    from (
        select seq from cdp.events
        where received_at >= %(received_since)s
        order by received_at
        limit 1000
    ) as early
),

members as (
    select listed.*
    from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as listed (person_id, lead_id)
    where
        not exists (
            select from identity.uncounted_leads as uncounted
            where uncounted.lead_id = listed.person_id
        )
        and not exists (
            select from identity.leads as leads
            where leads.lead_id = listed.person_id and (leads.only_claimed or leads.erased_at is not null)
        )
),

owned as (
    select
        members.person_id,
        members.lead_id,
        resolved.event_seq
    from members
    cross join first_event
    inner join identity.resolved_events as resolved
        on members.lead_id = resolved.lead_id and first_event.seq <= resolved.event_seq
    offset 0 -- noqa: AM09
)

select distinct
    owned.person_id,
    rules.programme,
    rules.version,
    owned.event_seq,
    events.ts
from owned
inner join cdp.events as events on owned.event_seq = events.seq
inner join rules
    on
        events.event = rules.event
        and events.ts >= rules.since
        and events.ts < coalesce(rules.until, 'infinity')
        and case when rules.condition is null then true else events.payload @@ rules.condition end
where
    not events.is_history
    and not exists (
        select from machines.uncounted_acts as uncounted
        where uncounted.lead_id = owned.lead_id and uncounted.event_seq = owned.event_seq
    );

-- name: list_memberships
select
    members.person_id,
    memberships.membership_id,
    memberships.lead_id,
    memberships.programme,
    memberships.version,
    memberships.cycle,
    memberships.entered_at,
    memberships.entry_event_seq,
    memberships.state,
    coalesce(sends.steps, 0)::integer as steps,
    coalesce(sends.sends, 0)::integer as sends
from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
inner join nurture.memberships as memberships on members.lead_id = memberships.lead_id
left join
    lateral (
        select
            count(*) as steps,
            count(*) filter (where own.idempotency_key is not null) as sends
        from nurture.sends as own
        where own.membership_id = memberships.membership_id
    ) as sends
    on true
order by memberships.membership_id;

-- name: delete_memberships
delete from nurture.memberships
where membership_id = any(%(membership_ids)s::bigint[]);

-- name: end_memberships
update nurture.memberships
set state = 'exited', ended_at = %(now)s, reason = ended.reason, next_step = null
from unnest(%(membership_ids)s::bigint[], %(reasons)s::text[]) as ended (membership_id, reason)
where memberships.membership_id = ended.membership_id and memberships.state = 'active';

-- name: insert_membership
insert into nurture.memberships (
    programme, version, lead_id, cycle, entered_at, entry_event_seq, is_held_out, next_step, due_at
)
values (
    %(programme)s, %(version)s, %(lead_id)s, %(cycle)s, %(entered_at)s, %(entry_event_seq)s, %(is_held_out)s,
    %(next_step)s, %(due_at)s
);

-- name: list_versions
select
    programme,
    version,
    hash,
    body,
    in_force_since,
    lead(in_force_since) over (partition by programme order by version) as in_force_until
from nurture.programmes
order by programme, version;

-- name: note_taken
-- Versions of which the MA took an enrolment lately, for the first time.
update nurture.programmes
set first_taken_at = %(now)s
where
    programmes.first_taken_at is null
    and exists (
        select from nurture.sends as sends
        inner join nurture.memberships as memberships on sends.membership_id = memberships.membership_id
        inner join delivery.outbox as effects on sends.idempotency_key = effects.idempotency_key
        where
            sends.decided_at >= %(since)s
            and memberships.programme = programmes.programme
            and memberships.version = programmes.version
            and effects.state = 'done'
    );

-- name: insert_version
insert into nurture.programmes (programme, version, hash, body, in_force_since)
values (%(programme)s, %(version)s, %(hash)s, %(body)s, %(now)s);

-- name: read_key
select hash_key from nurture.hash_keys;
