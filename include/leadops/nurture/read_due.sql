-- name: list_decided
select
    membership_id,
    step,
    state,
    tries
from nurture.sends
where membership_id = any(%(membership_ids)s::bigint[]);

-- name: list_got
-- What the leads of these people got, by any membership of these programmes.
select
    members.person_id,
    sends.membership_id,
    memberships.programme,
    sends.step,
    memberships.entered_at,
    sends.decided_at
from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
inner join nurture.sends as sends on members.lead_id = sends.lead_id and sends.state = 'queued'
inner join nurture.memberships as memberships on sends.membership_id = memberships.membership_id
where memberships.programme = any(%(programmes)s::text[]);

-- name: list_sent
-- What the leads of these people got lately, by any programme.
select
    members.person_id,
    sends.membership_id,
    memberships.programme,
    sends.step,
    memberships.entered_at,
    sends.decided_at
from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
inner join nurture.sends as sends
    on members.lead_id = sends.lead_id and sends.state = 'queued' and sends.decided_at > %(since)s
inner join nurture.memberships as memberships on sends.membership_id = memberships.membership_id;

-- name: list_depths
-- The last depth of each step that any act since the entry fits. Acts of machines do not count.
with rules as materialized (
    select listed.*
    from
        jsonb_to_recordset(%(rules)s) as listed (
            programme text, version integer, step text, place integer, event text, condition jsonpath
        )
),

members as (
    select *
    from unnest(%(person_ids)s::bigint[], %(lead_ids)s::bigint[]) as members (person_id, lead_id)
),

asked as (
    select *
    from
        unnest(
            %(membership_ids)s::bigint[],
            %(asked_ids)s::bigint[],
            %(programmes)s::text[],
            %(versions)s::integer[],
            %(entered)s::timestamptz[]
        ) as asked (membership_id, person_id, programme, version, entered_at)
),

acts as (
    select
        asked.membership_id,
        asked.programme,
        asked.version,
        events.event,
        events.payload
    from asked
    inner join members on asked.person_id = members.person_id
    inner join identity.resolved_events as resolved on members.lead_id = resolved.lead_id
    inner join cdp.events as events on resolved.event_seq = events.seq
    where
        events.ts >= asked.entered_at
        and events.ts <= %(at)s
        and not events.is_history
        and not exists (
            select from machines.uncounted_acts as uncounted
            where uncounted.lead_id = resolved.lead_id and uncounted.event_seq = resolved.event_seq
        )
)

select
    acts.membership_id,
    rules.step,
    max(rules.place) as place
from acts
inner join rules
    on
        acts.programme = rules.programme
        and acts.version = rules.version
        and acts.event = rules.event
        and case when rules.condition is null then true else acts.payload @@ rules.condition end
group by acts.membership_id, rules.step;
