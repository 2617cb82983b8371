-- name: create_decay_amounts
create temporary table if not exists decay_amounts (
    lead_id bigint not null,
    points bigint not null,
    worth bigint not null,
    taken bigint not null,
    due_on date not null
) on commit delete rows;

-- name: clear_decay_amounts
truncate decay_amounts;

-- name: read_decayed_until
select decayed_until from scoring.decay_progress;

-- name: move_decayed_until
-- An older night that comes late changes nothing.
insert into scoring.decay_progress as progress (decayed_until)
values (%(day)s)
on conflict ((true)) do update
    set decayed_until = greatest(progress.decayed_until, excluded.decayed_until);

-- name: touch_due
insert into touched (lead_id)
select lead_id
from scoring.decay_schedule
where due_on <= %(decayed_until)s
order by due_on, lead_id
limit %(chunk_size)s;

-- name: touch_due_after
insert into touched (lead_id)
select lead_id
from scoring.decay_schedule
where due_on <= %(decayed_until)s and lead_id > %(after)s
order by lead_id
limit %(chunk_size)s;

-- name: advance_schedule
-- New points make a lead due on the day on which they would begin to decay, which may be past. A moment is turned
-- into a day once for each lead and grace, not for each row.
with settings as materialized (
    select listed.*
    from jsonb_to_recordset(%(curves)s) as listed (rule text, half_life float8, grace integer, floor float8)
),

earliest as (
    select
        differences.lead_id,
        coalesce(own.grace, general.grace) as grace,
        min(differences.occurred_at) as occurred_at
    from differences
    left join settings as own on differences.rule = own.rule
    cross join (select settings.grace from settings where settings.rule is null) as general
    where differences.dimension = 'behaviour'
    group by differences.lead_id, coalesce(own.grace, general.grace)
)

insert into scoring.decay_schedule as known (lead_id, due_on)
select
    lead_id,
    min((occurred_at at time zone %(zone)s)::date + 1 + grace)
from earliest
group by lead_id
on conflict (lead_id) do update
    set due_on = excluded.due_on
    where known.due_on > excluded.due_on;

-- name: keep_due_touched
-- Leaves in `touched` only those whose behaviour may have lost a point by now.
delete from touched
where not exists (
    select 1 from scoring.decay_schedule as schedule
    where schedule.lead_id = touched.lead_id and schedule.due_on <= %(decayed_until)s
);

-- name: has_touched
select exists(select from touched);

-- name: analyze_touched
analyze touched;

-- name: compute_amounts
-- What the behaviour of the leads in `touched` is worth at the end of the day %(decayed_until)s, and when that changes
-- next. Behaviour is what each event gave by a rule, in the ledger and in `differences`, corrections and write-offs
-- included; points below 0 do not decay. Worths are summed in millionths of a point, as whole numbers, so that the
-- order of summing does not matter, and each lead's sum is rounded to whole points.
with settings as materialized (
    select listed.*
    from jsonb_to_recordset(%(curves)s) as listed (rule text, half_life float8, grace integer, floor float8)
),

rows_of as materialized (
    select
        ledger.lead_id,
        ledger.rule,
        ledger.event_seq,
        case when ledger.kind <> 'write_off' then ledger.occurred_at end as occurred_at,
        ledger.points
    from touched
    inner join scoring.ledger as ledger on touched.lead_id = ledger.lead_id
    where ledger.dimension = 'behaviour' and (ledger.event_seq is not null or ledger.kind = 'decay')
    union all
    select
        lead_id,
        rule,
        event_seq,
        occurred_at,
        points
    from differences
    where dimension = 'behaviour'
),

awards as (
    select
        lead_id,
        rule,
        (max(occurred_at) at time zone %(zone)s)::date as day,
        sum(points) as points
    from rows_of
    where event_seq is not null
    group by lead_id, rule, event_seq
    having sum(points) > 0
),

aged as (
    select
        awards.lead_id,
        awards.points,
        case when own.rule is null then general.half_life else own.half_life end as half_life,
        case when own.rule is null then general.floor else own.floor end as floor,
        awards.day + coalesce(own.grace, general.grace) + 1 as first_day,
        %(decayed_until)s::date - awards.day - coalesce(own.grace, general.grace) as days
    from awards
    -- A rule that is gone is about to be corrected: until then it decays like any other.
    left join settings as own on awards.rule = own.rule
    cross join (select * from settings where settings.rule is null) as general
),

shares as (
    select
        *,
        case
            when half_life is null or days <= 0 then 1
            -- After 60 half-lives nothing is left that a millionth could show.
            else greatest(floor, power(0.5, least(days / half_life, 60)))
        end as share
    from aged
),

leads as (
    select
        shares.lead_id,
        sum(shares.points)::bigint as points,
        sum(worths.millionths)::bigint as millionths,
        ((sum(worths.millionths) + 500000)::bigint / 1000000) as worth,
        coalesce(sum(worths.millionths) filter (where worths.moves), 0)::double precision as moving,
        count(*) filter (where worths.moves) as moving_count,
        min(shares.half_life) filter (where worths.moves) as half_life,
        min(shares.first_day) filter (where shares.days <= 0 and shares.half_life is not null) as first_day
    from shares
    cross join
        lateral (
            select
                round(points * 1000000 * share)::bigint as millionths,
                days > 0 and share > shares.floor and points * 1000000 * share >= 0.5 as moves
        ) as worths
    group by shares.lead_id
),

taken as (
    select
        lead_id,
        sum(points) as points
    from rows_of
    where event_seq is null
    group by lead_id
)

insert into decay_amounts (lead_id, points, worth, taken, due_on)
select
    touched.lead_id,
    coalesce(leads.points, 0),
    coalesce(leads.worth, 0),
    coalesce(-taken.points, 0),
    least(
        leads.first_day,
        case
            when leads.moving > room.millionths then
                %(decayed_until)s::date + 1
                + floor(-leads.half_life * ln(1 - room.millionths / leads.moving) / ln(2))::integer
        end,
        'infinity'
    )
from touched
left join leads on touched.lead_id = leads.lead_id
left join taken on touched.lead_id = taken.lead_id
-- The worth goes down by a point when it has lost `room` millionths more. After k days what moves has lost at most
-- moving * (1 - 0.5 ^ (k / half_life)) of the shortest half-life, and as many millionths as there are roundings.
cross join
    lateral (
        select greatest(leads.millionths - (leads.worth * 1000000 - 500000) - leads.moving_count, 0) as millionths
    ) as room;

-- name: add_differences
-- What has decayed since the last time, as rows of the ledger. It can be points back: of behaviour that was corrected.
insert into differences (lead_id, event_seq, rule, dimension, occurred_at, points, kind, reason)
select
    lead_id,
    null,
    'decay',
    'behaviour',
    (%(decayed_until)s::date + 1)::timestamp at time zone %(zone)s,
    worth - points + taken,
    'decay',
    'behaviour of ' || points || ' points is worth ' || worth || ' at the end of ' || %(decayed_until)s::date
from decay_amounts
where worth - points + taken <> 0;

-- name: update_schedule
-- A lead that has a row keeps it, with a later day: a lead whose points are all corrected away is not due every night.
insert into scoring.decay_schedule (lead_id, due_on)
select
    amounts.lead_id,
    amounts.due_on
from decay_amounts as amounts
left join scoring.decay_schedule as known on amounts.lead_id = known.lead_id
where
    (amounts.points > 0 or amounts.taken <> 0 or known.lead_id is not null)
    and amounts.due_on is distinct from known.due_on
on conflict (lead_id) do update
    set due_on = excluded.due_on;
