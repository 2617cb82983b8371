-- name: list_changes
select
    change_id,
    kind,
    hash,
    subject,
    content,
    base,
    status,
    effect,
    reason,
    problem,
    asked_at,
    weighed_at,
    decided_at,
    decided_by,
    ended_at,
    run_id
from changes.changes
where
    (%(is_open)s::boolean is null or (ended_at is null) = %(is_open)s::boolean)
    and (%(prefix)s::text is null or starts_with(hash, %(prefix)s::text))
    and (%(run_id)s::text is null or run_id = %(run_id)s::text)
    and (%(change_id)s::bigint is null or change_id = %(change_id)s::bigint)
order by change_id desc
limit %(max_rows)s::integer;

-- name: ask_change
insert into changes.changes (kind, hash, subject, content, base, status, asked_at)
values (%(kind)s, %(hash)s, %(subject)s, %(content)s, %(base)s, 'asked', %(now)s)
on conflict (kind, hash) where ended_at is null do nothing;

-- name: note_problem
update changes.changes
set problem = %(problem)s
where change_id = %(change_id)s and status = 'asked';

-- name: let_wait
update changes.changes
set status = 'waits', effect = %(effect)s, reason = %(reason)s, problem = null, weighed_at = %(now)s
where change_id = %(change_id)s and status = 'asked';

-- name: end_change
update changes.changes
set
    status = case when status = 'rejected' then status else %(status)s::text end,
    reason = case when %(reason)s::text = '' then reason else %(reason)s::text end,
    effect = coalesce(%(effect)s::jsonb, effect),
    ended_at = %(now)s
where change_id = %(change_id)s and ended_at is null;

-- name: sum_passed
with start as (
    select greatest(%(earliest)s::timestamptz, max(ended_at)) as since
    from changes.changes
    where
        kind = %(kind)s
        and (status = 'approved' or (status = 'passed' and (effect ->> 'with_points')::integer = 0))
)

select
    start.since,
    coalesce(sum((passed.effect ->> 'moved')::integer), 0)::integer as moved,
    coalesce(sum((passed.effect ->> 'new_mqls')::integer), 0)::integer as new_mqls
from start
left join changes.changes as passed
    on passed.kind = %(kind)s and passed.status = 'passed' and start.since < passed.ended_at
group by start.since;

-- name: decide_change
update changes.changes
set
    status = %(status)s::text,
    decided_by = %(decided_by)s,
    decided_at = %(now)s::timestamptz,
    ended_at = case when %(status)s::text = 'approved' then %(now)s::timestamptz end
where change_id = %(change_id)s and ended_at is null;

-- name: claim_question
-- A run that is tried again finds its own question.
update changes.changes
set run_id = %(run_id)s
where
    change_id = (
        select waiting.change_id
        from changes.changes as waiting
        where
            waiting.status = 'waits'
            and waiting.ended_at is null
            and (waiting.run_id is null or waiting.run_id = %(run_id)s)
        order by waiting.run_id is null, waiting.change_id
        limit 1
    )
returning change_id;

-- name: announce_questions
update changes.changes
set announced_at = %(now)s
where
    status = 'waits'
    and ended_at is null
    and run_id is null
    and (announced_at is null or announced_at <= %(now)s::timestamptz - interval '10 minutes');

-- name: delete_ended
delete from changes.changes
where change_id in (
    select ended.change_id
    from changes.changes as ended
    where ended.ended_at < %(before)s
    order by ended.ended_at
    limit %(max_rows)s
);
