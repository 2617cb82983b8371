-- name: append
-- One lead's rows lie beside each other, so that delivery can send them in one call. Those of a canary are never live,
-- and go out at once or not at all.
insert into scoring.ledger (
    lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, rule_set_id, lane, is_live, reason,
    rollback_id
)
select
    differences.lead_id,
    points,
    dimension,
    kind,
    rule,
    event_seq,
    occurred_at,
    %(now)s,
    %(rule_set_id)s,
    case
        when canaries.lead_id is not null then case when canaries.reaches_ma then 0 end
        when %(is_live)s and rollback_id is null and (live_at is not null or (points < 0 and kind <> 'rule')) then 0
        else 1
    end,
    %(is_live)s and live_at is not null,
    reason,
    rollback_id
from differences
left join identity.canary_leads as canaries on differences.lead_id = canaries.lead_id
order by differences.lead_id, occurred_at, event_seq, rule;

-- name: change_scores
with sums as (
    select
        lead_id,
        coalesce(sum(points) filter (where dimension = 'fit'), 0) as fit,
        coalesce(sum(points) filter (where dimension = 'behaviour'), 0) as behaviour
    from differences
    group by lead_id
)

insert into scoring.scores (lead_id, fit, behaviour, updated_at)
select
    lead_id,
    fit,
    behaviour,
    %(now)s
from sums
on conflict (lead_id) do update
    set
        fit = scores.fit + excluded.fit,
        behaviour = scores.behaviour + excluded.behaviour,
        updated_at = excluded.updated_at;

-- name: has_doubled
select pg_relation_size('scoring.ledger') / current_setting('block_size')::integer >= 2 * greatest(known.relpages, 1)
from pg_class as known
where known.oid = 'scoring.ledger'::regclass;

-- name: analyze_ledger
analyze scoring.ledger;

-- name: read_kind
select kind from scoring.ledger where seq = %(ledger_seq)s;

-- name: write_off
with written as (
    insert into scoring.ledger (
        lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, rule_set_id, lane, is_live, reason,
        reverses
    )
    select
        lead_id,
        -points,
        dimension,
        'write_off',
        rule,
        event_seq,
        %(now)s as occurred_at,
        %(now)s as recorded_at,
        rule_set_id,
        null,
        false,
        %(reason)s,
        seq
    from scoring.ledger
    where seq = %(ledger_seq)s
    on conflict (reverses) where reverses is not null do nothing
    returning lead_id, points, dimension
)

update scoring.scores
set
    fit = scores.fit + case written.dimension when 'fit' then written.points else 0 end,
    behaviour = scores.behaviour + case written.dimension when 'behaviour' then written.points else 0 end,
    model = scores.model + case written.dimension when 'model' then written.points else 0 end,
    updated_at = %(now)s
from written
where scores.lead_id = written.lead_id;

-- name: create_model_targets
-- The points that the model awards each lead of a range.
create temporary table if not exists model_targets (
    lead_id bigint primary key,
    points integer not null,
    probability double precision not null
) on commit delete rows;

-- name: clear_model_targets
truncate model_targets;

-- name: copy_model_targets
copy model_targets (lead_id, points, probability) from stdin;

-- name: analyze_model_targets
analyze model_targets;

-- name: withdraw_model_points
-- Of the leads in `touched` that count for nothing. A lead that counts again gets them back at night.
with awarded as (
    select
        ledger.lead_id,
        sum(ledger.points)::integer as points
    from touched
    inner join identity.uncounted_leads as uncounted on touched.lead_id = uncounted.lead_id
    inner join scoring.ledger as ledger on touched.lead_id = ledger.lead_id and ledger.kind = 'model'
    group by ledger.lead_id
    having sum(ledger.points) <> 0
),

written as (
    insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane, reason)
    select
        awarded.lead_id,
        -awarded.points,
        'model' as dimension,
        'model' as kind,
        'model' as rule,
        %(now)s::timestamptz as occurred_at,
        %(now)s::timestamptz as recorded_at,
        %(lane)s::smallint as lane,
        'model: an ' || uncounted.reason || ' lead, ' || uncounted.entry
    from awarded
    inner join identity.uncounted_leads as uncounted on awarded.lead_id = uncounted.lead_id
    order by awarded.lead_id
    returning lead_id, points
)

update scoring.scores
set model = scores.model + written.points, updated_at = %(now)s
from written
where scores.lead_id = written.lead_id;

-- name: append_model_points
-- Target points minus points awarded so far, for the leads of a range. A lead without a target loses its points. What
-- was written off is not awarded again.
with awarded as (
    select
        lead_id,
        sum(points)::integer as points
    from scoring.ledger
    where kind = 'model' and lead_id > %(after)s and lead_id <= %(up_to)s
    group by lead_id
),

differences as (
    select
        coalesce(targets.lead_id, awarded.lead_id) as lead_id,
        coalesce(targets.points, 0) - coalesce(awarded.points, 0) as points,
        case
            when targets.lead_id is null then 'model: no prediction for this lead any more'
            else 'model ' || %(model_id)s::integer || ': probability ' || to_char(targets.probability, 'FM0.000')
        end as reason
    from model_targets as targets
    full join awarded on targets.lead_id = awarded.lead_id
    where coalesce(targets.points, 0) <> coalesce(awarded.points, 0)
),

written as (
    insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane, reason)
    select
        lead_id,
        points,
        'model' as dimension,
        'model' as kind,
        'model' as rule,
        %(now)s::timestamptz as occurred_at,
        %(now)s::timestamptz as recorded_at,
        %(lane)s::smallint as lane,
        reason
    from differences
    order by lead_id
    returning lead_id, points
),

summed as (
    insert into scoring.scores (lead_id, model, updated_at)
    select
        lead_id,
        points,
        %(now)s::timestamptz
    from written
    on conflict (lead_id) do update
        set model = scores.model + excluded.model, updated_at = excluded.updated_at
)

select
    count(*)::integer as rows,
    coalesce(sum(points), 0)::integer as points
from written;
