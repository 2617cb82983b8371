-- name: list_refused
-- Enrolments that are dead letters since then, by step, and whether the MA ever took one of the programme. The index of
-- open dead letters keeps this to few rows.
select
    memberships.programme,
    sends.step,
    count(*)::integer as count,
    min(letters.died_at) as since,
    (array_agg(letters.reason order by letters.died_at desc))[1] as reason,
    bool_or(exists (
        select from nurture.programmes as taken
        where taken.programme = memberships.programme and taken.first_taken_at is not null
    )) as was_taken
from delivery.dead_letters as letters
inner join delivery.outbox as effects on letters.reference = effects.outbox_id
inner join nurture.sends as sends on effects.idempotency_key = sends.idempotency_key
inner join nurture.memberships as memberships on sends.membership_id = memberships.membership_id
where
    letters.target = 'ma' and letters.state = 'open' and letters.kind = 'effect' and letters.died_at >= %(since)s
    and effects.operation = 'enrol_lead'
group by memberships.programme, sends.step
order by memberships.programme, sends.step;

-- name: find_refused_right
-- Why the MA has not allowed enrolments for a while, and how many wait for it.
select
    refused.since,
    refused.reason,
    (
        select count(*)::integer from delivery.outbox as waiting
        where
            waiting.target = 'ma' and waiting.state in ('pending', 'sending')
            and waiting.operation = refused.operation
    ) as count
from delivery.refused_operations as refused
where
    refused.target = 'ma'
    and refused.operation = 'enrol_lead'
    and refused.refused_at >= %(since)s
    and refused.refused_at >= refused.since + %(lasting)s::interval;

-- name: list_silent
-- Programmes of which steps were due and none went out. Who is held out, opted out or got it elsewhere is left out, and
-- what has no counterpart in an MA that never took anybody into the programme: it is not set up there.
select
    memberships.programme,
    count(*)::integer as count,
    min(sends.decided_at) as since,
    mode() within group (order by coalesce(sends.reason, sends.state)) as reason
from nurture.sends as sends
inner join nurture.memberships as memberships on sends.membership_id = memberships.membership_id
where
    sends.decided_at >= %(since)s
    and coalesce(sends.reason, '') not in ('held_out', 'already_sent', 'overtaken', 'opt_out', 'no_consent')
    and not (
        coalesce(sends.reason, '') = 'not_set_up'
        and not exists (
            select from nurture.programmes as taken
            where taken.programme = memberships.programme and taken.first_taken_at is not null
        )
    )
group by memberships.programme
having count(*) >= %(min_due)s and not bool_or(sends.state = 'queued')
order by memberships.programme;

-- name: count_sends
-- The median counts days without a send since the first one ever, and is 0 on the first day.
with begun as materialized (
    select decided_at
    from nurture.sends
    where state = 'queued'
    order by decided_at
    limit 1
),

days as (
    select
        ago,
        (
            select count(*) from nurture.sends as sends
            where
                sends.state = 'queued'
                and sends.decided_at > %(now)s::timestamptz - make_interval(days => ago + 1)
                and sends.decided_at <= %(now)s::timestamptz - make_interval(days => ago)
        ) as sends
    from generate_series(0, %(days)s::integer) as ago
    where
        ago = 0
        or exists (
            select from begun where begun.decided_at <= %(now)s::timestamptz - make_interval(days => ago)
        )
)

select
    (max(sends) filter (where ago = 0))::integer as sends,
    coalesce(percentile_cont(0.5) within group (order by sends) filter (where ago > 0), 0)::double precision as usual
from days;
