-- What the leads in `touched` should have for each (lead, event, rule), minus what the ledger gave them. What the
-- leads in `members` did and told counts for the person: who was joined to another lead should have nothing.
-- Caps are filters one after the other: the rule's per day, the rule's for ever, the group's per day, the
-- group's for ever. Each takes what the one before let through, in the order of (day, ts, event_id, rule), and
-- lets through the part of every amount that its cap has room for. Amounts have no sign.
with rules as materialized (
    select listed.*
    from jsonb_to_recordset(%(behaviour)s) as listed (
        number integer, name text, event text, condition jsonpath, points integer,
        day_cap integer, ever_cap integer, group_number integer, group_day_cap integer, group_ever_cap integer
    )
),

fit_rules as materialized (
    select listed.*
    from jsonb_to_recordset(%(fit)s) as listed (name text, trait text, condition jsonpath, points integer)
),

-- Whose events count is settled on narrow rows, before the events themselves come in; `offset 0` keeps that order.
owned as (
    select
        members.lead_id,
        members.member_id,
        resolved.event_seq
    from members
    inner join identity.resolved_events as resolved on members.member_id = resolved.lead_id
    offset 0 -- noqa: AM09
),

-- The condition is tested in a case, which the planner takes for an even chance: taking it for a rare one, it
-- would try the rules on all events there are before it looks whose they are. What is never null and has one width
-- comes first: rows are sorted and kept by the million, and text before a column makes it slow to reach.
matches as (
    select
        owned.lead_id,
        owned.member_id,
        owned.event_seq,
        events.ts,
        (events.ts at time zone %(zone)s)::date as day,
        rules.number,
        abs(rules.points) as amount,
        rules.group_number,
        rules.day_cap,
        rules.ever_cap,
        rules.group_day_cap,
        rules.group_ever_cap,
        events.event_id collate "C" as event_id
    from owned
    inner join cdp.events as events on owned.event_seq = events.seq
    inner join rules
        on
            events.event = rules.event
            and case when rules.condition is null then true else events.payload @@ rules.condition end
),

-- The windows are ordered alike wherever they can be, so that the rows are sorted once and a half.
rule_days as (
    select
        *,
        sum(amount) over (
            partition by lead_id, group_number, number, day order by ts, event_id rows unbounded preceding
        )::integer as so_far
    from matches
),

rule_day_capped as (
    select
        *,
        least(day_cap, so_far) - least(day_cap, so_far - amount) as day_amount
    from rule_days
    where day_cap is null or so_far - amount < day_cap
),

rule_lives as (
    select
        *,
        sum(day_amount) over (
            partition by lead_id, group_number, number order by day, ts, event_id rows unbounded preceding
        )::integer as life_so_far
    from rule_day_capped
),

rule_capped as (
    select
        lead_id,
        member_id,
        event_seq,
        ts,
        day,
        number,
        least(ever_cap, life_so_far) - least(ever_cap, life_so_far - day_amount) as amount,
        group_number,
        group_day_cap,
        group_ever_cap,
        event_id
    from rule_lives
    where ever_cap is null or life_so_far - day_amount < ever_cap
),

-- Rules without a group pass here as a group without caps.
group_days as (
    select
        *,
        sum(amount) over (
            partition by lead_id, group_number, day order by ts, event_id, number rows unbounded preceding
        )::integer as so_far
    from rule_capped
),

group_day_capped as (
    select
        *,
        least(group_day_cap, so_far) - least(group_day_cap, so_far - amount) as day_amount
    from group_days
    where group_day_cap is null or so_far - amount < group_day_cap
),

group_lives as (
    select
        *,
        sum(day_amount) over (
            partition by lead_id, group_number order by day, ts, event_id, number rows unbounded preceding
        )::integer as life_so_far
    from group_day_capped
),

capped as (
    select
        lead_id,
        member_id,
        event_seq,
        number,
        ts,
        least(group_ever_cap, life_so_far) - least(group_ever_cap, life_so_far - day_amount) as amount
    from group_lives
    where group_ever_cap is null or life_so_far - day_amount < group_ever_cap
),

known_traits as (
    select
        members.lead_id,
        members.member_id,
        traits.trait,
        traits.value,
        traits.ts
    from members
    inner join identity.traits as traits on members.member_id = traits.lead_id
    where members.is_alone
    union all
    (
        select distinct on (members.lead_id, traits.trait)
            members.lead_id,
            members.member_id,
            traits.trait,
            traits.value,
            traits.ts
        from members
        inner join identity.traits as traits on members.member_id = traits.lead_id
        where not members.is_alone
        order by members.lead_id asc, traits.trait asc, traits.ts desc, traits.event_id collate "C" desc
    )
),

wanted as (
    select
        capped.lead_id,
        capped.member_id,
        capped.event_seq,
        rules.name as rule,
        'behaviour' as dimension,
        capped.ts as occurred_at,
        case when rules.points < 0 then -capped.amount else capped.amount end as points
    from capped
    inner join rules on capped.number = rules.number
    union all
    select
        traits.lead_id,
        traits.member_id,
        null,
        fit_rules.name,
        'fit',
        traits.ts,
        fit_rules.points
    from known_traits as traits
    inner join fit_rules on traits.trait = fit_rules.trait and traits.value @@ fit_rules.condition
),

given as (
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

insert into differences (lead_id, event_seq, rule, dimension, occurred_at, points, kind, reason)
select
    coalesce(wanted.lead_id, given.lead_id),
    coalesce(wanted.event_seq, given.event_seq),
    coalesce(wanted.rule, given.rule),
    coalesce(wanted.dimension, given.dimension),
    coalesce(wanted.occurred_at, given.occurred_at),
    due.points - coalesce(given.points, 0),
    case when given.lead_id is null then 'rule' else 'correction' end,
    case
        when given.lead_id is null and wanted.member_id = wanted.lead_id then wanted.rule
        when given.lead_id is null then wanted.rule || ': lead ' || wanted.member_id || ' was joined to this one'
        when
            former.body -> 'zone' <> current_rules.body -> 'zone'
            or coalesce(former.body #> array['rules', given.rule], 'null')
            <> coalesce(current_rules.body #> array['rules', given.rule], 'null')
            then given.rule || ': the rules changed'
        -- Looked up here and not joined, so that it costs nothing where there is nothing to correct.
        else given.rule || ': ' || coalesce(
            (
                select 'this lead was joined to lead ' || people.person_id
                from identity.people as people
                where people.lead_id = given.lead_id and people.person_id <> given.lead_id
            ),
            -- Since the last row, was it split from a lead whose events it had, or that had its own?
            (
                select 'leads that had been joined were split'
                where
                    exists (
                        select from identity.lead_merges as held
                        where
                            (held.older_lead_id = given.lead_id or held.younger_lead_id = given.lead_id)
                            and held.undone_at >= given.recorded_at
                    ) and (
                        given.points = 0
                        or given.event_seq is null
                        or not exists (
                            select from members as own
                            inner join identity.resolved_events as events on own.member_id = events.lead_id
                            where own.lead_id = given.lead_id and events.event_seq = given.event_seq
                        )
                    )
            ),
            case
                when given.points = 0 and wanted.member_id <> wanted.lead_id
                    then 'lead ' || wanted.member_id || ' was joined to this one'
                when given.dimension = 'fit' then 'what is known of the lead changed'
                when abs(due.points) < abs(given.points) then 'an earlier event took its place under the cap'
                else 'the cap has room for it again'
            end
        )
    end
from wanted
full join given
    on
        wanted.lead_id = given.lead_id
        and coalesce(wanted.event_seq, 0) = coalesce(given.event_seq, 0)
        and wanted.rule = given.rule
-- What was written off stays away, but no more than there is to have: points that are due no longer, or no longer in
-- full, are not taken back a second time.
cross join
    lateral (
        select coalesce(wanted.points, 0) as wanted, coalesce(wanted.points, 0) + coalesce(given.written_off, 0) as rest
    ) as sums
cross join
    lateral (
        select
            case
                when sums.wanted > 0 then greatest(sums.rest, 0)
                when sums.wanted < 0 then least(sums.rest, 0)
                else 0
            end as points
    ) as due
left join scoring.rule_sets as former on given.rule_set_id = former.rule_set_id
cross join (select %(body)s) as current_rules (body)
where due.points <> coalesce(given.points, 0)
