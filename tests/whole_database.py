"""Every row of every table, to show that something changes nothing."""

import json
from collections import Counter
from collections.abc import Callable, Iterable

from leadops.db import Connection


def dump_database(connection: Connection) -> Counter[str]:
    """Return every row of every table as text; ends the transaction of `connection`.

    mart.inbox is left out: it notes what may have changed, and is compared when it is published.
    """
    connection.commit()
    tables = connection.execute(
        "select format('%I.%I', schemaname, tablename) from pg_tables"
        " where schemaname not in ('pg_catalog', 'information_schema')"
        " and (schemaname, tablename) <> ('mart', 'inbox') order by 1"
    ).fetchall()
    parts = [f"select '{table}', to_jsonb(t)::text from {table} as t" for (table,) in tables]
    rows = connection.execute(" union all ".join(parts).encode()).fetchall()
    connection.commit()
    return Counter(f"{table} {_write(row)}" for table, row in rows)


def run_twice(connection: Connection, stages: Iterable[tuple[str, Callable[[], object]]]) -> None:
    """Run every stage twice, then all stages once more; fail where a repetition changes a row."""
    stages = list(stages)
    for name, stage in stages:
        stage()
        before = dump_database(connection)
        stage()
        _compare(name, before, dump_database(connection))
    before = dump_database(connection)
    for _, stage in stages:
        stage()
    _compare("all stages", before, dump_database(connection))


def _compare(name: str, before: Counter[str], after: Counter[str]) -> None:
    gone, new = sorted((before - after).elements()), sorted((after - before).elements())
    changes = [*(f"- {row}" for row in gone), *(f"+ {row}" for row in new)]
    assert not changes, "\n".join([f"{name}: another run changes", *changes])


def _write(row: str) -> str:
    """Return a row as text that is the same for the same values: 60.0 is 60."""
    return json.dumps(json.loads(row, parse_float=_read_number), sort_keys=True)


def _read_number(digits: str) -> float:
    return int(float(digits)) if float(digits).is_integer() else float(digits)
