-- name: create_new_mqls
create temporary table if not exists new_mqls (
    lead_id bigint not null,
    cycle integer not null,
    fit integer not null,
    behaviour integer not null,
    total integer not null,
    ended_at timestamptz,
    merged jsonb not null,
    campaign text,
    source text,
    account jsonb not null default '{}'
) on commit delete rows;

-- name: clear_new_mqls
delete from new_mqls;

-- name: analyze_new_mqls
analyze new_mqls;

-- name: decide_mqls
-- Looks only at leads with new ledger rows, leads whose cycle has just ended and, after a change of the thresholds, all
-- leads that pass them. Of several leads of a person only the oldest can pass.
with candidates as (
    select distinct lead_id from scoring.ledger
    -- Decay makes no MQL.
    where seq > %(from_seq)s and seq <= %(to_seq)s and not (kind = 'decay' and points < 0)
    union
    select unnest(%(ended)s::bigint[]) as lead_id
    union
    select lead_id from scoring.scores
    where
        %(rescan)s
        and fit >= %(fit)s
        and behaviour >= %(behaviour)s
        and (%(total)s::integer is null or total >= %(total)s::integer)
),

passing as (
    select
        scores.lead_id,
        scores.fit,
        scores.behaviour,
        scores.total,
        coalesce(latest.cycle, 0) + 1 as cycle,
        latest.ended_at
    from candidates
    inner join scoring.scores as scores
        on
            candidates.lead_id = scores.lead_id
            and not exists (
                select from identity.people as people
                where people.lead_id = candidates.lead_id and people.person_id <> people.lead_id
            )
            and not exists (
                select from identity.uncounted_leads as uncounted
                where uncounted.lead_id = candidates.lead_id
            )
            and (%(claims)s or not exists (
                select from identity.leads as claimed
                where claimed.lead_id = candidates.lead_id and claimed.only_claimed
            ))
            and not exists (
                select from identity.leads as gone
                where gone.lead_id = candidates.lead_id and gone.erased_at is not null
            )
            and scores.fit >= %(fit)s
            and scores.behaviour >= %(behaviour)s
            and (%(total)s::integer is null or scores.total >= %(total)s)
    -- The MQL of an imported cycle may be unknown.
    left join lateral lifecycle.find_latest_cycle(scores.lead_id) as latest on true
    where
        latest.cycle is null
        or (
            select sum(ledger.points) from scoring.ledger as ledger
            where
                ledger.lead_id = scores.lead_id
                and ledger.dimension = 'behaviour'
                and ledger.kind in ('rule', 'correction')
                and ledger.occurred_at > latest.ended_at
        ) >= %(again_behaviour)s
)

insert into new_mqls (lead_id, cycle, fit, behaviour, total, ended_at, merged)
select
    passing.lead_id,
    passing.cycle,
    passing.fit,
    passing.behaviour,
    passing.total,
    passing.ended_at,
    -- What taking the MQL back needs to know: after a split, or where a machine did what it stands on.
    jsonb_build_object('thresholds', jsonb_build_object(
        'since', passing.ended_at, 'fit', %(fit)s::integer, 'behaviour', %(behaviour)s::integer,
        'total', %(total)s::integer, 'again_behaviour', %(again_behaviour)s::integer
    )) || coalesce(
        (
            select
                jsonb_build_object(
                    'merged', jsonb_build_object('leads', jsonb_agg(people.lead_id order by people.lead_id))
                )
            from identity.people as people
            where people.person_id = passing.lead_id
            having count(*) > 0
        ), '{}'
    ) as merged
from passing;

-- name: list_new_mqls
select lead_id
from new_mqls
order by lead_id;

-- name: note_accounts
update new_mqls
set
    account = jsonb_build_object(
        'account', jsonb_build_object('state', known.state, 'means', known.means, 'lead_id', known.colleague_id)
    )
from
    unnest(%(leads)s::bigint[], %(states)s::text[], %(colleagues)s::bigint[], %(meanings)s::text[])
        as known (lead_id, state, colleague_id, means)
where new_mqls.lead_id = known.lead_id;

-- name: drop_ignored
delete from new_mqls where account #>> '{account,means}' = 'ignore';

-- name: list_visits
-- Each different campaign and source of the new MQLs' events once, the latest first. `offset 0` has the events of each
-- lead looked up: as a plain join it would read all events of all leads.
select
    visits.lead_id,
    visits.campaign,
    visits.source
from (
    select distinct on (new_mqls.lead_id, sent.campaign, sent.source)
        new_mqls.lead_id,
        sent.campaign,
        sent.source,
        events.ts,
        events.seq
    from new_mqls
    cross join
        lateral (
            select person_events.event_seq
            from identity.person_events
            where person_events.lead_id = new_mqls.lead_id
            offset 0 -- noqa: AM09
        ) as resolved
    inner join cdp.events as events on resolved.event_seq = events.seq
    cross join
        lateral (
            select
                events.payload #>> '{context,utm,campaign}' as campaign,
                events.payload #>> '{context,utm,source}' as source
        ) as sent
    where
        sent.campaign <> ''
        and events.ts <= %(now)s
        and not exists (
            select from machines.uncounted_acts as uncounted where uncounted.event_seq = resolved.event_seq
        )
    order by new_mqls.lead_id asc, sent.campaign asc, sent.source asc, events.ts desc, events.seq desc
) as visits
order by visits.lead_id asc, visits.ts desc, visits.seq desc;

-- name: name_visits
update new_mqls
set campaign = named.campaign, source = named.source
from
    unnest(%(leads)s::bigint[], %(campaigns)s::text[], %(sources)s::text[]) as named (lead_id, campaign, source)
where new_mqls.lead_id = named.lead_id;

-- name: record_mqls
with described as (
    select
        new_mqls.*,
        facts.*,
        not facts.has_live_points as is_backfill
    from new_mqls
    cross join
        lateral (
            select
                max(ledger.seq) as ledger_seq,
                (array_agg(ledger.rule_set_id order by ledger.seq desc))[1] as rule_set_id,
                coalesce(
                    bool_or(
                        ledger.is_live
                        and ledger.points > 0
                        and case
                            when new_mqls.ended_at is null or ledger.occurred_at <= new_mqls.ended_at
                                then new_mqls.ended_at is null and ledger.seq > %(from_seq)s
                            -- An end may become known long after it: what was earned in between is not news then.
                            else
                                ledger.seq > %(from_seq)s
                                or (
                                    ledger.recorded_at > %(news_since)s
                                    and new_mqls.lead_id <> all(%(ended_long_ago)s::bigint[])
                                )
                        end
                    ), false
                )
                -- The model adds points at night: a lead that passes then is news if it earned points that day.
                or (
                    coalesce(bool_or(ledger.kind = 'model' and ledger.points > 0 and ledger.seq > %(from_seq)s), false)
                    and coalesce(
                        bool_or(ledger.is_live and ledger.points > 0 and ledger.recorded_at > %(news_since)s), false
                    )
                ) as has_live_points
            from scoring.ledger as ledger
            where ledger.lead_id = new_mqls.lead_id
        ) as facts
),

recorded as (
    insert into lifecycle.transitions
    (lead_id, cycle, stage, occurred_at, recorded_at, evidence, campaign, source, kpi_version)
    select
        described.lead_id,
        described.cycle,
        'mql',
        %(now)s::timestamptz,
        %(now)s::timestamptz,
        jsonb_build_object(
            'fit', described.fit, 'behaviour', described.behaviour, 'total', described.total,
            'rule_set_id', described.rule_set_id, 'ledger_seq', described.ledger_seq,
            'kpi_version', %(version)s::text, 'backfill', described.is_backfill, 'reasons', reasons.best
        ) || described.merged || described.account,
        described.campaign,
        described.source,
        %(version)s::text
    from described
    cross join
        lateral (
            select coalesce(jsonb_agg(jsonb_build_object('rule', rule, 'points', points)), '[]') as best
            from (
                select
                    rule,
                    sum(points) as points
                from scoring.ledger
                where lead_id = described.lead_id
                group by rule
                having sum(points) > 0
                order by sum(points) desc, rule asc
                limit %(reasons)s
            ) as rules
        ) as reasons
    on conflict (lead_id, cycle, stage) do nothing
    returning lead_id, cycle, campaign, (evidence ->> 'backfill')::boolean as is_backfill
),

numbered as (
    insert into lifecycle.person_cycles (lead_id, cycle, person_cycle)
    select
        recorded.lead_id,
        recorded.cycle,
        recorded.cycle as person_cycle
    from recorded
    inner join identity.people as people on recorded.lead_id = people.lead_id
    on conflict (lead_id, cycle) do update set person_cycle = excluded.person_cycle
)

select
    lead_id,
    cycle,
    campaign,
    is_backfill
from recorded;

-- name: find_total
-- The total that the daily threshold sets in place of the contract's.
select value
from lifecycle.thresholds
where kpi_version = %(version)s and effective_at <= %(now)s
order by effective_at desc
limit 1;
