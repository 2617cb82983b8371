-- name: note_settings
insert into machines.settings_in_force as known (hash, effective_at)
values (%(hash)s, %(now)s)
on conflict (is_only) do update
    set hash = excluded.hash, effective_at = excluded.effective_at
    where known.hash <> excluded.hash;

-- name: create_classified
-- Whose acts are classified: the leads of each person.
create temporary table if not exists classified (
    person_id bigint not null,
    lead_id bigint not null
) on commit delete rows;

-- name: clear_classified
truncate classified;

-- name: leave_out_erased
-- Of an erased lead the evidence is gone: what was found of its acts stays.
delete from classified
using identity.leads as gone
where classified.lead_id = gone.lead_id and gone.erased_at is not null;

-- name: free_verdicts
update machines.verdicts
set
    freed_because = case
        when
            exists (
                select from mail_acts as acts
                where acts.event_seq = verdicts.event_seq and acts.is_person
            )
            or exists (
                select from site_acts as acts
                inner join site_acts as others
                    on
                        acts.person_id = others.person_id
                        and acts.anonymous_id = others.anonymous_id
                        and acts.visit = others.visit
                        and others.shows_person
                where acts.event_seq = verdicts.event_seq
            )
            then 'the visit shows a person'
        when
            exists (
                select from mail_acts as acts
                where acts.event_seq = verdicts.event_seq and acts.is_allowed
            )
            then 'its company or mail is allowed'
        else 'what is known now does not show a machine'
    end,
    freed_at = %(now)s
where
    lead_id in (select classified.lead_id from classified)
    and freed_because is null
    and not exists (select from found_acts where found_acts.event_seq = verdicts.event_seq);

-- name: record_verdicts
insert into machines.verdicts as known (event_seq, lead_id, signal, reason, classified_at)
select distinct on (event_seq)
    event_seq,
    lead_id,
    signal,
    reason,
    %(now)s
from found_acts
order by event_seq asc, strength asc, reason asc
on conflict (event_seq) do update
    set
        lead_id = excluded.lead_id,
        signal = excluded.signal,
        reason = excluded.reason,
        classified_at = excluded.classified_at,
        freed_because = null,
        freed_at = null
    where
    (known.lead_id, known.signal, known.reason) is distinct from (excluded.lead_id, excluded.signal, excluded.reason)
    or known.freed_because is not null;

-- name: create_site_acts
-- What visitors did on the site, of the people whom a machine may have taken there. `visit` numbers a visitor's visits.
create temporary table if not exists site_acts (
    event_seq bigint not null,
    person_id bigint not null,
    lead_id bigint not null,
    anonymous_id text not null,
    event text not null,
    ts timestamptz not null,
    shows_person boolean not null,
    visit integer not null
) on commit delete rows;

-- name: clear_site_acts
truncate site_acts;

-- name: read_site_acts
-- What visitors did on the site is read only of people whom a machine may have taken there.
with suspects as (
    select
        classified.person_id,
        classified.lead_id
    from classified
    where classified.person_id in (select found_acts.person_id from found_acts)
),

done as (
    select
        suspects.person_id,
        suspects.lead_id,
        resolved.event_seq
    from suspects
    inner join identity.resolved_events as resolved on suspects.lead_id = resolved.lead_id
    union all
    select
        suspects.person_id,
        suspects.lead_id,
        claimed.event_seq
    from suspects
    cross join
        lateral (
            select event_seq from identity.claimed_events as claims
            where claims.lead_id = suspects.lead_id offset 0 -- noqa: AM09
        ) as claimed
),

acts as (
    select
        events.seq as event_seq,
        done.person_id,
        done.lead_id,
        events.anonymous_id,
        events.event,
        events.ts,
        machines.has_mark(events.payload, %(person)s::text[]) as shows_person
    from done
    inner join cdp.events as events on done.event_seq = events.seq
    where
        events.anonymous_id is not null
        and events.event <> all(%(events)s::text[])
),

starts as (
    select
        *,
        coalesce(
            ts - lag(ts) over (partition by person_id, anonymous_id order by ts, event_seq) > %(pause)s::interval, true
        ) as is_start
    from acts
)

insert into site_acts (event_seq, person_id, lead_id, anonymous_id, event, ts, shows_person, visit)
select
    event_seq,
    person_id,
    lead_id,
    anonymous_id,
    event,
    ts,
    shows_person,
    count(*) filter (where is_start) over (partition by person_id, anonymous_id order by ts, event_seq)
from starts;

-- name: free_clicks
-- A visit with a sign of a person began with the last click before it: that click is the person's.
with visits as (
    select
        person_id,
        anonymous_id,
        visit,
        min(ts) as started_at
    from site_acts
    group by person_id, anonymous_id, visit
    having bool_or(shows_person)
),

clicks as (
    select distinct on (visits.person_id, visits.anonymous_id, visits.visit) acts.event_seq
    from visits
    inner join mail_acts as acts
        on
            visits.person_id = acts.person_id
            and acts.event = 'mail_click'
            and visits.started_at >= acts.ts
            and acts.ts >= visits.started_at - make_interval(secs => %(seconds)s)
    order by
        visits.person_id asc, visits.anonymous_id asc, visits.visit asc, acts.ts desc, acts.event_seq desc
)

update mail_acts
set is_person = true
from clicks
where mail_acts.event_seq = clicks.event_seq;

-- name: find_visits
insert into found_acts (event_seq, person_id, lead_id, signal, strength, reason)
select
    acts.event_seq,
    acts.person_id,
    acts.lead_id,
    'visit',
    6,
    'it followed a machine''s click within ' || %(seconds)s::double precision || ' s, without a sign of a person'
from site_acts as acts
where
    acts.event = any(%(site_events)s::text[])
    and exists (
        select from found_acts
        inner join mail_acts as clicks on found_acts.event_seq = clicks.event_seq
        where
            clicks.person_id = acts.person_id
            and clicks.event = 'mail_click'
            and acts.ts >= clicks.ts
            and acts.ts <= clicks.ts + make_interval(secs => %(seconds)s)
    )
    and not exists (
        select from site_acts as others
        where
            others.person_id = acts.person_id
            and others.anonymous_id = acts.anonymous_id
            and others.visit = acts.visit
            and others.shows_person
    );

-- name: forget_waiting
delete from machines.waiting_acts
where lead_id in (select classified.lead_id from classified);

-- name: wait_for_evidence
-- Acts through mails, and visits that a mail led to, that arrived a moment ago. A visit that shows a person does not
-- wait.
with recent as (
    select
        events.seq,
        events.received_at
    from cdp.events as events
    where
        events.received_at > %(now)s::timestamptz - %(wait)s::interval
        and not events.is_history
        and (
            events.event in ('mail_open', 'mail_click', 'unsubscribe')
            or (
                lower(events.payload #>> '{context,utm,medium}') = any(%(mediums)s::text[])
                and not machines.has_mark(events.payload, %(person)s::text[])
            )
        )
    offset 0 -- noqa: AM09
)

insert into machines.waiting_acts (event_seq, lead_id, due_at)
select
    recent.seq,
    classified.lead_id,
    recent.received_at + %(wait)s::interval
from recent
cross join (select min(every.seq) as seq from recent as every) as earliest
inner join machines.lead_events as owned on recent.seq = owned.event_seq and earliest.seq <= owned.event_seq
inner join classified on owned.lead_id = classified.lead_id
where not exists (select from found_acts where found_acts.event_seq = recent.seq)
on conflict (event_seq) do update
    set lead_id = excluded.lead_id, due_at = excluded.due_at;

-- name: release_due
-- The leads of acts that have waited long enough.
delete from machines.waiting_acts
where due_at <= %(now)s
returning lead_id;
