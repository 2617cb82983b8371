-- name: list_frozen_changes
-- Frozen quarters for which kpi.yaml now says something else.
select
    found_at,
    facts
from lifecycle.frozen_changes
order by quarter;
