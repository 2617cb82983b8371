"""What PostgreSQL has by name: functions, types, the tables of its catalogue and their columns."""

from pathlib import Path

import psycopg

#: What the newest PostgreSQL has and version 15 has not; `python -m tests.postgres15 --write` writes it.
FILE = Path(__file__).with_name("after_postgres15.txt")

#: A line for each: a function with each number of arguments that it takes ("*": any number).
FEATURES = """
select distinct format('function %s %s', proname, case when provariadic <> 0 then '*' else given::text end)
from pg_proc, generate_series((pronargs - pronargdefaults)::int, pronargs::int) as given
where pronamespace = 'pg_catalog'::regnamespace
union
select format('type %s', typname) from pg_type
where typnamespace = 'pg_catalog'::regnamespace and typrelid = 0 and typname !~ '^_'
union
select format('table %s', relname) from pg_class
where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v')
union
select format('column %s', attname) from pg_attribute inner join pg_class on attrelid = pg_class.oid
where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v') and attnum > 0
"""


def list_features(connection: psycopg.Connection) -> set[str]:
    """Return a line for each."""
    return {line for (line,) in connection.execute(FEATURES)}


def write_features(lines: set[str]) -> None:
    """Write them into the file."""
    FILE.write_text("".join(f"{line}\n" for line in sorted(lines)), encoding="utf-8")


def read_features() -> frozenset[str]:
    """Return what the file says."""
    return frozenset(FILE.read_text(encoding="utf-8").splitlines())
