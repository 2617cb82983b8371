"""An import gives the same tables in any order and chunks, cut off or not; a dry run writes nothing."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from leadops.db import Connection, connect
from leadops.errors import ConfigError, PermanentError
from leadops.history.import_file import import_file
from leadops.history.import_mapping import CostsMapping
from leadops.history.lead_rows import LeadRows
from leadops.history.outcomes import ImportResult
from tests.cluster import database_of
from tests.promises import promise_examples
from tests.shipped import import_settings

from .conftest import COSTS, NOW, Export, Rows, dump

EXAMPLES = promise_examples(5)


def day(number: int) -> str:
    return f"{datetime(2026, 1, 1) + timedelta(days=number):%Y-%m-%d}"  # noqa: DTZ001 - a day in the file


@st.composite
def exports(draw: st.DrawFn) -> dict[str, list[tuple[object, ...]]]:
    """Rows of leads, of their stages and of what sales did, with everything that is told twice."""
    numbers = st.integers(0, 5)
    leads = draw(
        st.lists(
            st.tuples(numbers, st.integers(0, 9), st.sampled_from(["", "ads", "fair"]), st.integers(1, 3)),
            max_size=10,
        )
    )
    has_mail = draw(st.sets(numbers))
    stages = draw(
        st.lists(
            st.tuples(
                numbers,
                st.sampled_from(["mql", "sal", "lost", "won"]),
                st.integers(-1, 20),
                st.sampled_from(["", "d"]),
                st.sampled_from(["", "10", "20"]),
            ),
            max_size=14,
        )
    )
    calls = draw(
        st.lists(
            st.tuples(numbers, st.sampled_from(["taken", "", "won"]), st.integers(0, 20)),
            max_size=6,
            unique=True,
        )
    )
    return {
        "leads": [
            (
                f"c-{each}",
                f"p{each}@buyers.example" if each in has_mail else "",
                day(at),
                source,
                source,
                size,
            )
            for each, at, source, size in leads
        ],
        "transitions": [
            (f"c-{each}", stage, day(at), deal, value) for each, stage, at, deal, value in stages
        ],
        "activities": [
            (f"c-{each}", f"{each}-{status}-{at}", "status" if status else "call", status, "r", day(at))
            for each, status, at in calls
        ],
    }


@pytest.fixture
def second(postgres: Any, database_url: str) -> Iterator[Connection]:
    """A connection to another database, as fresh."""
    name = f"{psycopg.conninfo.conninfo_to_dict(database_url)['dbname']}_2"
    with database_of(postgres, name) as url, connect(url) as opened:
        yield opened


TABLES = (
    *("identity.leads", "identity.aliases", "identity.traits", "history.attributes"),
    *("delivery.outbox", "delivery.external_ids", "crm.activities", "sla.inbox"),
    *("lifecycle.links", "lifecycle.transitions", "lifecycle.imported", "lifecycle.facts", "lifecycle.inbox"),
)


def empty(connection: Connection) -> None:
    connection.rollback()
    with connection.transaction():
        connection.execute("set local session_replication_role = replica")  # quicker: no triggers
        for table in TABLES:
            connection.execute(f"delete from {table}")  # type: ignore[arg-type]


class Killed(Exception):
    """Stands for a kill between two chunks."""


def bring_cut_off(export: Export, kind: str, rows: Rows, *, chunk_rows: int, after: int) -> None:
    """Import, killed when the file is read up to its row `after`."""
    seen = Counter[str]()

    def tell(part: float) -> None:
        seen["chunks"] += 1
        if seen["chunks"] > after:
            raise Killed

    try:
        export.bring(kind, rows, chunk_rows=chunk_rows, tell=tell)
    except Killed:
        export.connection.rollback()


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # to shrink takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=exports(), seed=st.integers(0, 1000), chunk_rows=st.integers(1, 4), after=st.integers(0, 3))
def test_the_same_tables_in_any_order_and_chunks_cut_off_and_again(
    connection: Connection,
    second: Connection,
    tmp_path: Path,
    data: dict[str, list[tuple[object, ...]]],
    seed: int,
    chunk_rows: int,
    after: int,
) -> None:
    plain, other = Export(connection, tmp_path), Export(second, tmp_path)
    empty(connection)
    empty(second)
    for kind, rows in data.items():
        plain.bring(kind, rows)
    shuffle = random.Random(seed).sample
    kinds = ["leads", *shuffle(["transitions", "activities"], 2)]
    for kind in kinds:
        bring_cut_off(other, kind, shuffle(data[kind], len(data[kind])), chunk_rows=chunk_rows, after=after)
        other.bring(kind, shuffle(data[kind], len(data[kind])), chunk_rows=chunk_rows)
    other.bring("leads", data["leads"])
    assert dump(second) == dump(connection)
    again = [plain.bring(kind, rows) for kind, rows in data.items()]
    assert [(each.new, each.changed) for each in again] == [(0, 0)] * 3


ROWS = {
    "leads": [
        ("c-1", "ann@buyers.example", "2026-01-05", "ads", "spring", 20),
        ("c-2", "", "2026-01-06", "fair", "", ""),
        ("c-1", "", "2026-01-07", "", "", ""),
        ("", "", "2026-01-07", "", "", ""),
        ("c-2", "", "2026-01-02", "", "", ""),
    ],
    "transitions": [
        ("c-1", "mql", "2026-01-07", "", ""),
        ("c-1", "won", "2026-02-01", "", "5"),
        ("c-1", "mql", "2026-01-07", "", ""),
        ("c-7", "mql", "2026-01-07", "", ""),
    ],
    "activities": [
        ("c-1", "a-1", "call", "", "", "2026-01-08"),
        ("c-1", "a-1", "call", "", "", "2026-01-08"),
        ("c-9", "a-2", "call", "", "", "2026-01-08"),
    ],
    "costs": [
        ("2026-01-31", "ads", "10", ""),
        ("2026-01-31", "ads", "10", ""),
        ("2026-01-31", "beer", "10", ""),
    ],
}


def test_a_dry_run_says_what_would_happen_and_writes_nothing(export: Export) -> None:
    for kind, rows in ROWS.items():
        before = dump(export.connection)
        export.connection.rollback()
        told = export.bring(kind, rows, dry_run=True, chunk_rows=2)
        assert dump(export.connection) == before
        export.connection.rollback()
        assert told.new > 0
        done = export.bring(kind, rows, chunk_rows=2)
        assert (told.rows, told.new, told.refused, told.reasons) == (
            done.rows,
            done.new,
            done.refused,
            done.reasons,
        )
        assert told.changed + told.known == done.changed + done.known
        known = export.bring(kind, rows, dry_run=True)
        assert (known.new, known.changed, known.refused) == (0, 0, done.refused)


def test_one_bad_chunk_takes_nothing_with_it(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    write = LeadRows.write

    def fail_second(self: LeadRows, rows: Any) -> Any:
        if rows[0].record.lead.crm_id == "c-2":
            raise Killed
        return write(self, rows)

    monkeypatch.setattr(LeadRows, "write", fail_second)
    with pytest.raises(Killed):
        export.bring("leads", ROWS["leads"][:2], chunk_rows=1)
    monkeypatch.undo()
    assert export.bring("leads", ROWS["leads"][:2]) == ImportResult(rows=2, new=1, known=1)


def test_how_far_it_is_is_told(export: Export) -> None:
    told: list[float] = []
    rows = [(f"c-{number}", "", "2026-01-05", "", "", "") for number in range(3000)]
    export.bring("leads", rows, tell=told.append)
    assert told == sorted(told)
    assert (told[-1], len(told)) == (1.0, 4)


def test_what_is_no_kind_or_of_another(export: Export) -> None:
    path = export.write("costs", ROWS["costs"])
    given = {"mapping": CostsMapping.model_validate(COSTS), "now": NOW, **import_settings()}
    with pytest.raises(PermanentError, match="people: import one of leads, transitions, activities, costs"):
        import_file(export.connection, kind="people", path=path, **given)
    with pytest.raises(ConfigError, match="the mapping is not one of leads"):
        import_file(export.connection, kind="leads", path=path, **given)


def test_a_large_file_needs_no_more_memory_than_a_small_one(export: Export) -> None:
    import tracemalloc

    peaks = []
    for count in (2_000, 12_000):
        rows = [(f"c-{number}", "", "2026-01-05", "", "", "") for number in range(count)]
        path = export.write("leads", rows)
        del rows
        tracemalloc.start()
        export.bring_path("leads", path, chunk_rows=1_000)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
