-- name: list_versions
select
    programme,
    version,
    hash,
    body,
    in_force_since,
    lead(in_force_since) over (partition by programme order by version) as in_force_until
from nurture.programmes
order by programme, version;

-- name: insert_version
insert into nurture.programmes (programme, version, hash, body, in_force_since)
values (%(programme)s, %(version)s, %(hash)s, %(body)s, %(now)s);
