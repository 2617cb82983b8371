-- name: create_rows
-- The rows of the ledger that are asked about and that no rollback covers; of facts, whose person it is.
create temporary table if not exists asked_rows (
    ledger_seq bigint not null,
    event_seq bigint,
    person_id bigint,
    rule text not null,
    points integer not null
) on commit delete rows;

-- name: create_sums
-- What the rows gave and took by act and rule, or by fact and rule, and what the ledger has of the act or fact besides.
create temporary table if not exists asked_sums (
    event_seq bigint,
    person_id bigint,
    rule text not null,
    points integer not null,
    given integer not null,
    taken integer not null,
    held integer not null,
    uncovered integer not null,
    later integer not null,
    was_taken_back boolean not null,
    was_given_back boolean not null,
    lead_ids bigint[] not null
) on commit delete rows;

-- name: create_units
-- What of it is still in force, what the ledger holds of the act or fact in all, and which leads it was with.
create temporary table if not exists asked_units (
    event_seq bigint,
    person_id bigint,
    rule text not null,
    in_force integer not null,
    held integer not null,
    lead_ids bigint[] not null
) on commit delete rows;

-- name: clear
truncate asked_rows, asked_sums, asked_units;

-- name: find_last_row
select coalesce(max(seq), 0) from scoring.ledger;

-- name: select_rows
insert into asked_rows (ledger_seq, event_seq, person_id, rule, points)
select
    ledger.seq,
    ledger.event_seq,
    case when ledger.event_seq is null then coalesce(people.person_id, ledger.lead_id) end,
    ledger.rule,
    ledger.points
from scoring.ledger as ledger
left join identity.people as people on ledger.lead_id = people.lead_id
where
    ledger.kind in ('rule', 'correction')
    and ledger.rollback_id is null
    and ledger.seq <= %(last_row)s
    and (%(rule)s::text is null or ledger.rule = %(rule)s::text)
    and (%(since)s::timestamptz is null or ledger.recorded_at >= %(since)s::timestamptz)
    and (%(until)s::timestamptz is null or ledger.recorded_at < %(until)s::timestamptz)
    and (%(ledger_seqs)s::bigint[] is null or ledger.seq = any(%(ledger_seqs)s::bigint[]))
    and not exists (
        select from scoring.rolled_back_rows as covered
        where covered.ledger_seq = ledger.seq
    )
    and not exists (
        select from identity.leads as gone
        where gone.lead_id = ledger.lead_id and gone.erased_at is not null
    );

-- name: analyze_rows
analyze asked_rows;

-- name: count_others
-- Rows that only decay or the model writes; they are not taken back.
select
    ledger.kind,
    count(*)::integer as rows,
    sum(ledger.points)::integer as points
from scoring.ledger as ledger
where
    ledger.kind in ('decay', 'model')
    and ledger.seq <= %(last_row)s
    and (%(rule)s::text is null or ledger.rule = %(rule)s::text)
    and (%(since)s::timestamptz is null or ledger.recorded_at >= %(since)s::timestamptz)
    and (%(until)s::timestamptz is null or ledger.recorded_at < %(until)s::timestamptz)
    and (%(ledger_seqs)s::bigint[] is null or ledger.seq = any(%(ledger_seqs)s::bigint[]))
group by ledger.kind
order by ledger.kind;

-- name: sum_moves
-- What rollbacks wrote and what they cover are not among `uncovered` and `later`.
with chosen as materialized (
    select
        event_seq,
        person_id,
        rule,
        sum(points)::integer as points,
        coalesce(sum(points) filter (where points > 0), 0)::integer as given,
        coalesce(sum(points) filter (where points < 0), 0)::integer as taken,
        max(ledger_seq) as last_seq
    from asked_rows
    group by event_seq, person_id, rule
),

persons as (
    select
        chosen.*,
        members.lead_id
    from chosen
    cross join
        lateral (
            select people.lead_id
            from identity.people as people
            where people.person_id = chosen.person_id
            union
            select chosen.person_id
        ) as members
    where chosen.person_id is not null
),

moves as (
    select
        chosen.*,
        ledger.seq,
        ledger.lead_id,
        ledger.points as moved,
        ledger.rollback_id
    from chosen
    inner join scoring.ledger as ledger on chosen.event_seq = ledger.event_seq and chosen.rule = ledger.rule
    where ledger.kind in ('rule', 'correction', 'write_off')
    union all
    select
        persons.event_seq,
        persons.person_id,
        persons.rule,
        persons.points,
        persons.given,
        persons.taken,
        persons.last_seq,
        ledger.seq,
        ledger.lead_id,
        ledger.points as moved,
        ledger.rollback_id
    from persons
    inner join scoring.ledger as ledger
        on persons.lead_id = ledger.lead_id and ledger.event_seq is null and persons.rule = ledger.rule
    where ledger.kind in ('rule', 'correction', 'write_off') and ledger.dimension = 'fit'
),

marked as (
    select
        moves.*,
        moves.rollback_id is null and covered.ledger_seq is null as is_uncovered,
        covered.ledger_seq is not null as is_covered
    from moves
    left join scoring.rolled_back_rows as covered on moves.seq = covered.ledger_seq
)

insert into asked_sums (
    event_seq, person_id, rule, points, given, taken, held, uncovered, later, was_taken_back, was_given_back, lead_ids
)
select
    event_seq,
    person_id,
    rule,
    points,
    given,
    taken,
    sum(moved)::integer,
    coalesce(sum(moved) filter (where is_uncovered), 0)::integer,
    coalesce(sum(moved) filter (where is_uncovered and seq > last_seq), 0)::integer,
    bool_or(is_covered and moved > 0),
    bool_or(is_covered and moved < 0),
    array_agg(distinct lead_id)
from marked
group by event_seq, person_id, rule, points, given, taken;

-- name: analyze_sums
analyze asked_sums;

-- name: form_units
-- What came later and goes the other way (a correction, a write-off) has undone that much of it. A merge or a split
-- moves points from lead to lead: over all leads of an act, or of a person, it undoes nothing. `will_hold` is what the
-- ledger holds once scoring has carried out the rollbacks so far. Where it differs from the rows that none of them
-- covers, later rows had undone what they cover: these undo nothing else. What was taken back once does not go below 0.
-- What was taken back of a fact holds for the person where it holds for each of the leads.
with person_bounds as (
    select
        summed.person_id,
        summed.rule,
        case when count(*) = count(bounds.at_most) then max(bounds.at_most) end as at_most,
        case when count(*) = count(bounds.at_least) then min(bounds.at_least) end as at_least
    from asked_sums as summed
    cross join
        lateral (
            select people.lead_id
            from identity.people as people
            where people.person_id = summed.person_id
            union
            select summed.person_id
        ) as members
    left join scoring.point_bounds as bounds on members.lead_id = bounds.lead_id and summed.rule = bounds.rule
    where summed.person_id is not null
    group by summed.person_id, summed.rule
),

settled as (
    select
        summed.*,
        greatest(
            least(summed.held, by_event.at_most, by_fact.at_most), by_event.at_least, by_fact.at_least
        ) as will_hold
    from asked_sums as summed
    left join scoring.point_bounds as by_event
        on summed.event_seq = by_event.event_seq and summed.rule = by_event.rule
    left join person_bounds as by_fact on summed.person_id = by_fact.person_id and summed.rule = by_fact.rule
),

netted as (
    select
        settled.*,
        points + will_hold - uncovered as net
    from settled
)

insert into asked_units (event_seq, person_id, rule, in_force, held, lead_ids)
select
    event_seq,
    person_id,
    rule,
    case
        when net > 0
            then greatest(
                least(net + least(later, 0), given, case when was_taken_back then greatest(will_hold, 0) end), 0
            )
        else least(
            greatest(net + greatest(later, 0), taken, case when was_given_back then least(will_hold, 0) end), 0
        )
    end,
    will_hold,
    lead_ids
from netted;

-- name: sum_up
select
    (select count(*) from asked_rows)::integer as rows,
    coalesce(sum(in_force) filter (where in_force > 0), 0)::integer as points_taken,
    coalesce(-sum(in_force) filter (where in_force < 0), 0)::integer as points_given,
    (
        select count(distinct named.lead_id)::integer
        from asked_units as units
        cross join unnest(units.lead_ids) as named (lead_id)
        where units.in_force <> 0
    ) as leads
from asked_units;

-- name: insert_rollback
-- Whoever inserts holds the ledger. A preview uses no number up.
insert into scoring.rollbacks (
    rollback_id, scope, reason, asked_by, applied_at, rows, leads, points_taken, points_given
)
select
    coalesce(max(rollback_id), 0) + 1,
    %(scope)s,
    %(reason)s,
    %(asked_by)s,
    %(now)s,
    %(rows)s,
    %(leads)s,
    %(points_taken)s,
    %(points_given)s
from scoring.rollbacks
returning rollback_id;

-- name: cover_rows
insert into scoring.rolled_back_rows (ledger_seq, rollback_id)
select
    ledger_seq,
    %(rollback_id)s
from asked_rows
order by ledger_seq;

-- name: bound_events
insert into scoring.point_bounds as bounds (event_seq, rule, at_most, at_least, rollback_id)
select
    event_seq,
    rule,
    case when in_force > 0 then held - in_force end,
    case when in_force < 0 then held - in_force end,
    %(rollback_id)s
from asked_units
where event_seq is not null and in_force <> 0
on conflict (event_seq, rule) where event_seq is not null do update
    set
        at_most = coalesce(
            excluded.at_most, case when bounds.at_most is not null then greatest(bounds.at_most, excluded.at_least) end
        ),
        at_least = coalesce(
            excluded.at_least, case when bounds.at_least is not null then least(bounds.at_least, excluded.at_most) end
        ),
        rollback_id = excluded.rollback_id;

-- name: bound_facts
-- For each lead of the person: after a split each of them keeps what was taken back.
insert into scoring.point_bounds as bounds (lead_id, rule, at_most, at_least, rollback_id)
select
    members.lead_id,
    units.rule,
    case when units.in_force > 0 then units.held - units.in_force end,
    case when units.in_force < 0 then units.held - units.in_force end,
    %(rollback_id)s
from asked_units as units
cross join
    lateral (
        select people.lead_id
        from identity.people as people
        where people.person_id = units.person_id
        union
        select units.person_id
    ) as members
where units.person_id is not null and units.in_force <> 0
on conflict (lead_id, rule) where lead_id is not null do update
    set
        at_most = coalesce(
            excluded.at_most, case when bounds.at_most is not null then greatest(bounds.at_most, excluded.at_least) end
        ),
        at_least = coalesce(
            excluded.at_least, case when bounds.at_least is not null then least(bounds.at_least, excluded.at_most) end
        ),
        rollback_id = excluded.rollback_id;

-- name: enqueue_leads
insert into scoring.inbox (lead_id, lane)
select distinct
    named.lead_id,
    %(lane)s::smallint
from asked_units as units
cross join unnest(units.lead_ids) as named (lead_id)
where units.in_force <> 0
order by named.lead_id;

-- name: analyze_tables
analyze scoring.point_bounds, scoring.inbox;

-- name: list_rollbacks
select
    rollback_id,
    scope,
    reason,
    asked_by,
    applied_at,
    rows,
    leads,
    points_taken,
    points_given
from scoring.rollbacks
where %(rollback_id)s::integer is null or rollback_id = %(rollback_id)s::integer
order by rollback_id desc
limit %(max_rows)s;

-- name: list_corrected
-- Who had points of the rows, and when the first of these were written.
select
    ledger.lead_id,
    min(ledger.recorded_at) as since
from scoring.rolled_back_rows as covered
inner join scoring.ledger as ledger on covered.ledger_seq = ledger.seq
where covered.rollback_id = %(rollback_id)s
group by ledger.lead_id
order by ledger.lead_id;

-- name: delete_bounds
delete from scoring.point_bounds
where lead_id = any(%(lead_ids)s::bigint[]);
