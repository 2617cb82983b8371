-- name: list_applied
select
    name,
    sha256,
    needs
from leadops.migrations
order by name;
