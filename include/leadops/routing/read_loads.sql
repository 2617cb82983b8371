-- What each salesperson was given: since the midnight of their own zone, and in the window of fairness.
select
    asked.rep_id,
    count(*) filter (where given.assigned_at >= asked.day_start and not given.is_quiet) as today,
    count(*) filter (where given.assigned_at > %(since)s and not given.is_quiet) as served,
    count(*) filter (where given.assigned_at > %(since)s and given.is_quiet) as served_quietly,
    max(given.assigned_at) filter (where not given.is_quiet) as last_at,
    max(given.assigned_at) filter (where given.is_quiet) as last_quietly_at
from unnest(%(reps)s::text[], %(day_starts)s::timestamptz[]) as asked (rep_id, day_start)
left join routing.assignments as given
    on
        asked.rep_id = given.rep_id
        and given.assigned_at > least(asked.day_start - interval '1 microsecond', %(since)s)
group by asked.rep_id
