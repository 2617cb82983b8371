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
