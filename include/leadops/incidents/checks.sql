-- name: list_recovered_dags
-- Open incidents of DAGs that have succeeded since their last failure.
select
    incidents.kind,
    incidents.subject,
    heartbeats.succeeded_at
from incidents.incidents
inner join incidents.heartbeats on incidents.subject = heartbeats.name
where
    incidents.state = 'open' and incidents.kind = any(%(kinds)s)
    and heartbeats.succeeded_at > incidents.seen_at;
