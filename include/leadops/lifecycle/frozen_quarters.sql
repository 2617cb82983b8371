-- name: lock_frozen_quarters
lock table lifecycle.frozen_quarters in share row exclusive mode;

-- name: find_latest
-- By its days, under whichever name; a name alone counts where its days are others.
select
    quarter,
    first_day,
    last_day,
    revision,
    versions,
    digest,
    frozen_at,
    false as is_new
from lifecycle.frozen_quarters
where quarter = %(quarter)s or (first_day = %(first_day)s and last_day = %(last_day)s)
order by (first_day = %(first_day)s and last_day = %(last_day)s) desc, revision desc
limit 1;

-- name: insert_frozen_quarter
insert into lifecycle.frozen_quarters
(quarter, revision, first_day, last_day, timezone, versions, contract, digest, reason, frozen_at)
values (
    %(quarter)s, %(revision)s, %(first_day)s, %(last_day)s, %(timezone)s, %(versions)s, %(contract)s, %(digest)s,
    %(reason)s, %(now)s
);

-- name: list_latest
with latest as (
    select distinct on (quarter)
        quarter,
        first_day,
        timezone,
        contract,
        frozen_at
    from lifecycle.frozen_quarters
    order by quarter asc, revision desc
)

select latest.*
from latest
inner join lifecycle.frozen_quarters as first_revision
    on latest.quarter = first_revision.quarter and first_revision.revision = 1
order by first_revision.frozen_at desc, latest.first_day desc;

-- name: upsert_change
insert into lifecycle.frozen_changes (quarter, facts, found_at)
values (%(quarter)s, %(facts)s, %(now)s)
on conflict (quarter) do update
    set facts = excluded.facts
    where frozen_changes.facts is distinct from excluded.facts;

-- name: delete_other_changes
delete from lifecycle.frozen_changes where quarter <> all(%(quarters)s::text[]);
