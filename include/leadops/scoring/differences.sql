-- name: configure_planner
-- Of two large sides the narrow one is hashed; few leads are looked up, not searched for.
select
    set_config('work_mem', '256MB', true) as work_mem,
    set_config('hash_mem_multiplier', '1', true) as hash_mem_multiplier,
    set_config('jit', 'off', true) as jit,
    set_config('random_page_cost', '1.1', true) as random_page_cost;

-- name: create_touched
create temporary table if not exists touched (
    lead_id bigint not null
) on commit delete rows;

-- name: create_members
-- Whose events and traits count for the leads in `touched`.
create temporary table if not exists members (
    lead_id bigint not null,
    member_id bigint not null,
    is_alone boolean not null,
    only_claimed boolean not null
) on commit delete rows;

-- name: create_targets
-- What the leads in `touched` should have for each (lead, event, rule). What came as history has no live_at; of what
-- came live it is when that was known. The last three columns are what a rollback leaves of it.
create temporary table if not exists targets (
    lead_id bigint not null,
    member_id bigint not null,
    occurred_at timestamptz not null,
    points integer not null,
    event_seq bigint,
    rule text not null,
    dimension text not null,
    live_at timestamptz,
    is_claim boolean not null default false,
    at_most integer,
    at_least integer,
    rollback_id integer
) on commit delete rows;

-- name: create_differences
-- Rows to append to the ledger; without live_at they are derived from the past. The last columns are of corrections
-- what they correct, whose event or trait it is, and the rollback that a row carries out.
create temporary table if not exists differences (
    lead_id bigint not null,
    event_seq bigint,
    rule text not null,
    dimension text not null,
    occurred_at timestamptz not null,
    points integer not null,
    kind text not null,
    reason text not null,
    live_at timestamptz,
    awarded integer,
    awarded_at timestamptz,
    rule_set_id integer,
    member_id bigint,
    rollback_id integer
) on commit delete rows;

-- name: clear
truncate touched, members, targets, differences;

-- name: analyze_touched
analyze touched;

-- name: list_members
-- A lead's own events count for it, and those of the leads that were merged into it; nothing counts for a lead that
-- was merged into an older one, or that is not a buyer's.
insert into members (lead_id, member_id, is_alone, only_claimed)
select
    touched.lead_id,
    touched.lead_id as member_id,
    true,
    claimed.lead_id is not null
from touched
left join identity.leads as claimed on touched.lead_id = claimed.lead_id and claimed.only_claimed
where
    not exists (select from identity.people as people where people.lead_id = touched.lead_id)
    and not exists (
        select from identity.uncounted_leads as uncounted
        where uncounted.lead_id = touched.lead_id
    )
union all
select
    people.person_id,
    people.lead_id,
    false,
    false
from touched
inner join identity.people as people on touched.lead_id = people.person_id
where not exists (
    select from identity.uncounted_leads as uncounted
    where uncounted.lead_id = touched.lead_id
);

-- name: analyze_members
analyze members;

-- name: award_behaviour
-- Caps are filters in turn: the rule's per day and in total, then the group's. Each takes what the one before let
-- through, by (day, ts, event_id, rule). Amounts have no sign. The windows are ordered alike, to sort once and a half.
with rules as materialized (
    select listed.*
    from jsonb_to_recordset(%(behaviour)s) as listed (
        number integer, name text, event text, path text[], condition jsonpath, points integer,
        day_cap integer, lead_cap integer, group_number integer, group_day_cap integer, group_lead_cap integer
    )
),

-- Whose events count is settled on narrow rows, before the events themselves come in; `offset 0` keeps that order. By
-- proof and by claim are two branches: over a union the planner cannot see that a few leads have few events.
owned as (
    select *
    from (
        select members.lead_id, members.member_id, resolved.event_seq
        from members
        inner join identity.resolved_events as resolved on members.member_id = resolved.lead_id
        union all
        select members.lead_id, members.member_id, claimed.event_seq
        from members
        inner join identity.leads as named on members.member_id = named.lead_id and named.only_claimed
        cross join
            lateral (
                select event_seq from identity.claimed_events as claims
                where claims.lead_id = named.lead_id offset 0 -- noqa: AM09
            ) as claimed
    ) as done
    offset 0 -- noqa: AM09
),

-- Of an event only what its rules look at is read. `materialized`: the rules are tried on these events, not on all.
told as materialized (
    select
        owned.*, events.event, events.ts, events.payload #> looked_at.path as value,
        case when not events.is_history then events.received_at end as live_at,
        events.event_id collate "C" as event_id
    from owned
    inner join cdp.events as events on owned.event_seq = events.seq
    inner join (select distinct event, path from rules) as looked_at on events.event = looked_at.event
    where not exists (
        select from machines.uncounted_acts as uncounted
        where uncounted.lead_id = owned.member_id and uncounted.event_seq = owned.event_seq
    )
),

-- Text is slow: what many events hold alike, such as a page, meets the rules once.
fits as materialized (
    select held.value, rules.*
    from (select distinct event, value from told) as held
    inner join rules
        on
            held.event = rules.event
            and (rules.condition is null or scoring.place_value(rules.path, held.value) @@ rules.condition)
),

matches as (
    select
        told.lead_id, told.member_id, told.event_seq, told.ts, told.live_at, told.event_id,
        (told.ts at time zone %(zone)s)::date as day,
        fits.number, fits.group_number, abs(fits.points) as amount,
        fits.day_cap, fits.lead_cap, fits.group_day_cap, fits.group_lead_cap
    from told
    inner join fits
        on
            told.event = fits.event
            and coalesce(told.value, 'null') = coalesce(fits.value, 'null')
            and (told.value is null) = (fits.value is null)
),

rule_days as (
    select
        *,
        sum(amount) over (
            partition by lead_id, group_number, number, day order by ts, event_id rows unbounded preceding
        )::integer as so_far
    from matches
),

rule_lives as (
    select
        *,
        sum(scoring.pass_cap(day_cap, so_far, amount)) over (
            partition by lead_id, group_number, number order by day, ts, event_id rows unbounded preceding
        )::integer as life_so_far,
        scoring.pass_cap(day_cap, so_far, amount) as day_amount
    from rule_days
    where day_cap is null or so_far - amount < day_cap
),

group_days as (
    select
        *,
        sum(scoring.pass_cap(lead_cap, life_so_far, day_amount)) over (
            partition by lead_id, group_number, day order by ts, event_id, number rows unbounded preceding
        )::integer as group_so_far,
        scoring.pass_cap(lead_cap, life_so_far, day_amount) as rule_amount
    from rule_lives
    where lead_cap is null or life_so_far - day_amount < lead_cap
),

group_lives as (
    select
        *,
        sum(scoring.pass_cap(group_day_cap, group_so_far, rule_amount)) over (
            partition by lead_id, group_number order by day, ts, event_id, number rows unbounded preceding
        )::integer as group_life_so_far,
        scoring.pass_cap(group_day_cap, group_so_far, rule_amount) as group_day_amount
    from group_days
    where group_day_cap is null or group_so_far - rule_amount < group_day_cap
)

insert into targets (lead_id, member_id, occurred_at, points, event_seq, rule, dimension, live_at)
select
    lives.lead_id, lives.member_id, lives.ts,
    sign(rules.points) * scoring.pass_cap(lives.group_lead_cap, lives.group_life_so_far, lives.group_day_amount),
    lives.event_seq, rules.name, 'behaviour', lives.live_at
from group_lives as lives
inner join rules on lives.number = rules.number
where lives.group_lead_cap is null or lives.group_life_so_far - lives.group_day_amount < lives.group_lead_cap;

-- name: award_fit
-- Of a person the newest value of each trait counts. Their addresses all count: a rule holds while one of them fits,
-- since the earliest that does.
with rules as materialized (
    select listed.*
    from jsonb_to_recordset(%(fit)s) as listed (name text, trait text, condition jsonpath, points integer)
),

known_traits as (
    select
        members.lead_id,
        members.member_id,
        traits.trait,
        coalesce(traits.comparable, traits.value) as value,
        traits.ts,
        traits.is_history
    from members
    inner join identity.traits as traits on members.member_id = traits.lead_id
    where members.is_alone
    union all
    (
        select distinct on (members.lead_id, traits.trait)
            members.lead_id,
            members.member_id,
            traits.trait,
            coalesce(traits.comparable, traits.value) as value,
            traits.ts,
            traits.is_history
        from members
        inner join identity.traits as traits on members.member_id = traits.lead_id
        where not members.is_alone and traits.trait <> 'email_domain'
        order by members.lead_id asc, traits.trait asc, traits.ts desc, traits.event_id collate "C" desc
    )
),

matches as (
    select
        traits.lead_id,
        traits.member_id,
        traits.ts,
        traits.is_history,
        rules.name,
        rules.points
    from known_traits as traits
    inner join rules on traits.trait = rules.trait and traits.value @@ rules.condition
    union all
    (
        select distinct on (members.lead_id, rules.name)
            members.lead_id,
            members.member_id,
            domains.ts,
            domains.is_history,
            rules.name,
            rules.points
        from members
        inner join identity.traits as domains on members.member_id = domains.lead_id and domains.trait = 'email_domain'
        inner join rules on domains.trait = rules.trait and domains.value @@ rules.condition
        where not members.is_alone
        order by members.lead_id asc, rules.name asc, domains.ts asc, domains.event_id collate "C" asc
    )
)

insert into targets (lead_id, member_id, occurred_at, points, event_seq, rule, dimension, live_at)
select
    lead_id,
    member_id,
    ts,
    points,
    null,
    name,
    'fit',
    case when not is_history then ts end as live_at
from matches;

-- name: award_canaries
-- The one rule for simulated visitors: a point for each visit, so that it goes all the way. They have no other points.
insert into targets (lead_id, member_id, occurred_at, points, event_seq, rule, dimension)
select
    touched.lead_id,
    touched.lead_id as member_id,
    events.ts,
    1,
    resolved.event_seq,
    'canary',
    'behaviour'
from touched
inner join identity.canary_leads as canaries on touched.lead_id = canaries.lead_id
inner join identity.resolved_events as resolved on touched.lead_id = resolved.lead_id
inner join cdp.events as events on resolved.event_seq = events.seq
where events.event = %(event)s and events.proof = 'write_key';

-- name: has_claimed
select exists(select from members where only_claimed);

-- name: cap_claimed
-- What is only claimed gives points up to the cap, the first ones first; what takes points has none.
with summed as (
    select
        targets.ctid,
        targets.points,
        sum(greatest(targets.points, 0)) over (
            partition by targets.lead_id
            order by targets.occurred_at, targets.event_seq, targets.rule rows unbounded preceding
        ) as so_far
    from targets
    inner join members on targets.lead_id = members.lead_id and members.only_claimed
)

update targets
set
    points = case
        when summed.points > 0
            then greatest(least(summed.so_far, %(cap)s) - (summed.so_far - summed.points), 0)
        else summed.points
    end,
    is_claim = true
from summed
where targets.ctid = summed.ctid;

-- name: has_bounds
select exists(select from scoring.point_bounds);

-- name: add_bounded
-- What no rule gives any more, and a rollback gave back.
insert into targets (lead_id, member_id, occurred_at, points, event_seq, rule, dimension)
select
    members.lead_id,
    members.member_id,
    events.ts,
    0,
    bounds.event_seq,
    bounds.rule,
    'behaviour'
from scoring.point_bounds as bounds
inner join machines.lead_events as owned on bounds.event_seq = owned.event_seq
inner join members on owned.lead_id = members.member_id
inner join cdp.events as events on bounds.event_seq = events.seq
where
    (bounds.at_least > 0 or bounds.at_most < 0)
    and not exists (
        select from targets
        where targets.event_seq = bounds.event_seq and targets.rule = bounds.rule
    )
    and not exists (
        select from machines.uncounted_acts as uncounted
        where uncounted.lead_id = owned.lead_id and uncounted.event_seq = owned.event_seq
    )
union all
(
    select distinct on (members.lead_id, bounds.rule)
        members.lead_id,
        members.member_id,
        rollbacks.applied_at,
        0,
        null::bigint,
        bounds.rule,
        'fit'
    from scoring.point_bounds as bounds
    inner join scoring.rollbacks as rollbacks on bounds.rollback_id = rollbacks.rollback_id
    inner join members on bounds.lead_id = members.member_id
    where
        (bounds.at_least > 0 or bounds.at_most < 0)
        and not exists (
            select from targets
            where targets.lead_id = members.lead_id and targets.event_seq is null and targets.rule = bounds.rule
        )
    order by members.lead_id asc, bounds.rule asc, members.member_id asc
);

-- name: bound_targets
-- A look-up for each row: a join would read all bounds for the few leads of a minute.
update targets
set at_most = bounds.at_most, at_least = bounds.at_least, rollback_id = bounds.rollback_id
from (
    select
        own.ctid as row_id,
        found.*
    from targets as own
    cross join
        lateral (
            select
                by_event.at_most,
                by_event.at_least,
                by_event.rollback_id
            from scoring.point_bounds as by_event
            where by_event.event_seq = own.event_seq and by_event.rule = own.rule
            union all
            select
                by_fact.at_most,
                by_fact.at_least,
                by_fact.rollback_id
            from scoring.point_bounds as by_fact
            where own.event_seq is null and by_fact.lead_id = own.member_id and by_fact.rule = own.rule
            limit 1 -- noqa: AM09
        ) as found
) as bounds
where targets.ctid = bounds.row_id;

-- name: compare
-- Targets minus what the ledger awarded so far. What was written off stays away, but no more than there is to have:
-- points that are due no longer, or no longer in full, are not taken back a second time. What a rollback left stays.
with awarded as (
    select
        ledger.lead_id,
        ledger.event_seq,
        ledger.rule,
        min(ledger.dimension) as dimension,
        max(ledger.occurred_at) filter (where ledger.kind <> 'write_off') as occurred_at,
        max(ledger.recorded_at) filter (where ledger.kind <> 'write_off') as recorded_at,
        max(ledger.rule_set_id) as rule_set_id,
        coalesce(sum(ledger.points) filter (where ledger.kind = 'write_off'), 0)::integer as written_off,
        sum(ledger.points)::integer as points
    from touched
    inner join scoring.ledger as ledger on touched.lead_id = ledger.lead_id
    where
        ledger.kind in ('rule', 'correction')
        or case
            when ledger.kind = 'write_off'
                then (
                    select original.kind in ('rule', 'correction')
                    from scoring.ledger as original
                    where original.seq = ledger.reverses
                )
            else false
        end
    group by ledger.lead_id, ledger.event_seq, ledger.rule
)

insert into differences (
    lead_id, event_seq, rule, dimension, occurred_at, points, kind, reason, live_at, awarded, awarded_at, rule_set_id,
    member_id, rollback_id
)
select
    coalesce(targets.lead_id, awarded.lead_id),
    coalesce(targets.event_seq, awarded.event_seq),
    coalesce(targets.rule, awarded.rule),
    coalesce(targets.dimension, awarded.dimension),
    coalesce(targets.occurred_at, awarded.occurred_at),
    bounded.points - coalesce(awarded.points, 0),
    case when awarded.lead_id is null then 'rule' else 'correction' end,
    case
        when awarded.lead_id is not null or targets.member_id = targets.lead_id
            then
                coalesce(targets.rule, awarded.rule)
                || case when targets.is_claim then ': only a claim says so' else '' end
        else targets.rule || ': lead ' || targets.member_id || ' was merged into this one'
    end,
    case when not bounded.is_rolled_back then targets.live_at end,
    awarded.points,
    awarded.recorded_at,
    awarded.rule_set_id,
    targets.member_id,
    case when bounded.is_rolled_back then targets.rollback_id end
from targets
full join awarded
    on
        targets.lead_id = awarded.lead_id
        and coalesce(targets.event_seq, 0) = coalesce(awarded.event_seq, 0)
        and targets.rule = awarded.rule
cross join
    lateral (
        select
            coalesce(targets.points, 0) as target,
            coalesce(targets.points, 0) + coalesce(awarded.written_off, 0) as uncapped
    ) as sums
cross join
    lateral (
        select
            case
                when sums.target > 0 then greatest(sums.uncapped, 0)
                when sums.target < 0 then least(sums.uncapped, 0)
                else 0
            end as points
    ) as remaining
cross join
    lateral (
        select
            greatest(least(remaining.points, targets.at_most), targets.at_least) as points,
            coalesce(awarded.points > targets.at_most or awarded.points < targets.at_least, false) as is_rolled_back
    ) as bounded
where bounded.points <> coalesce(awarded.points, 0);

-- name: explain_corrections
-- Says why points that the ledger awarded are corrected. Whether a rule changed is looked up once for all its rows.
-- What changed rules, a merge or a split gives back is derived from the past.
with compared as (
    select
        corrected.rule_set_id,
        corrected.rule,
        former.body -> 'zone' <> current_rules.body -> 'zone'
        or coalesce(former.body #> array['rules', corrected.rule], 'null')
        <> coalesce(current_rules.body #> array['rules', corrected.rule], 'null') as is_changed
    from (
        select distinct
            rule_set_id,
            rule
        from differences
        where kind = 'correction' and rollback_id is null
    ) as corrected
    inner join scoring.rule_sets as former on corrected.rule_set_id = former.rule_set_id
    cross join (select %(body)s::jsonb) as current_rules (body)
),

-- The causes that lie in the past are looked up here and not joined, so that they cost nothing where the rules changed.
causes as materialized (
    select
        corrections.ctid as row_id,
        case
            when compared.is_changed then 'the rules changed'
            else coalesce(
                (
                    select 'an ' || uncounted.reason || ' lead, ' || uncounted.entry
                    from identity.uncounted_leads as uncounted
                    where uncounted.lead_id = corrections.lead_id
                ),
                (
                    select 'no longer an internal lead'
                    from identity.counted_again as freed
                    where freed.lead_id = corrections.lead_id and freed.at >= corrections.awarded_at
                ),
                (
                    select 'this lead was merged into lead ' || people.person_id
                    from identity.people as people
                    where people.lead_id = corrections.lead_id and people.person_id <> corrections.lead_id
                ),
                -- Since the last row, was it split from a lead whose events it had, or that had its own?
                (
                    select 'leads that had been merged were split'
                    where
                        exists (
                            select from identity.lead_merges as held
                            where
                                (held.older_lead_id = corrections.lead_id or held.younger_lead_id = corrections.lead_id)
                                and held.undone_at >= corrections.awarded_at
                        ) and (
                            corrections.awarded = 0
                            or corrections.event_seq is null
                            or not exists (
                                select from members as own
                                inner join identity.resolved_events as events on own.member_id = events.lead_id
                                where own.lead_id = corrections.lead_id and events.event_seq = corrections.event_seq
                            )
                        )
                )
            )
        end as past
    from differences as corrections
    inner join compared on corrections.rule_set_id = compared.rule_set_id and corrections.rule = compared.rule
    where corrections.kind = 'correction' and corrections.rollback_id is null
)

update differences as corrections
set
    live_at = case
        when causes.past is null and not (corrections.awarded = 0 and corrections.member_id <> corrections.lead_id)
            then corrections.live_at
    end,
    reason = corrections.rule || ': ' || coalesce(
        causes.past,
        (
            select
                coalesce(
                    'not a machine''s after all, ' || verdicts.freed_because,
                    'a machine''s act: ' || verdicts.signal || ', ' || verdicts.reason
                )
            from machines.verdicts as verdicts
            where
                verdicts.event_seq = corrections.event_seq
                and (
                    case when verdicts.freed_because is null then verdicts.classified_at else verdicts.freed_at end
                    >= corrections.awarded_at
                )
        ),
        (
            select 'an event with more proof has its event_id'
            from cdp.replaced_events as replaced
            where replaced.event_seq = corrections.event_seq
        ),
        (
            select 'only a claim says so, and the lead is proven now'
            from identity.leads as leads
            where
                leads.lead_id = corrections.lead_id
                and not leads.only_claimed
                and exists (
                    select from identity.unresolved_events as waiting
                    where waiting.event_seq = corrections.event_seq
                )
        ),
        case
            when corrections.awarded = 0 and corrections.member_id <> corrections.lead_id
                then 'lead ' || corrections.member_id || ' was merged into this one'
            when corrections.dimension = 'fit' then 'what is known of the lead changed'
            when abs(corrections.awarded + corrections.points) < abs(corrections.awarded)
                then 'an earlier event took its place under the cap'
            else 'the cap has room for it again'
        end
    )
from causes
where corrections.ctid = causes.row_id;

-- name: explain_rollbacks
update differences
set reason = differences.rule || ': rollback ' || rollbacks.rollback_id || ', ' || rollbacks.reason
from scoring.rollbacks as rollbacks
where differences.rollback_id = rollbacks.rollback_id;

-- name: quieten_past
-- What was known before `news_since` is not news where a merge moved it, or where the lead waits to be scored again
-- anyway: changed rules, a split or a backfill give it, and not what has just come in.
update differences
set live_at = null
where
    live_at <= %(news_since)s
    and (
        member_id <> lead_id
        or lead_id in (
            select members.lead_id
            from members
            inner join scoring.inbox as waiting on members.member_id = waiting.lead_id
            where waiting.lane = %(backfill)s
        )
    );

-- name: count_touched
select count(*) from touched;

-- name: count_differences
select
    count(*) as rows,
    coalesce(sum(points), 0)::bigint as points,
    count(*) filter (where kind = 'correction') as corrections
from differences;

-- name: find_last_touched
select max(lead_id) from touched;

-- name: list_classified
insert into classified (person_id, lead_id)
select
    lead_id,
    member_id
from members;
