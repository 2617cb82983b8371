from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from leadops.orchestration.counts import describe_counts, run_chunks


@dataclass(frozen=True)
class Chunk:
    leads: int
    points: int
    remaining: bool


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ({}, ""),
        ({"leads": 0, "ledger_rows": 3}, "0 leads, 3 ledger rows"),
        (
            {"day": "2026-07-01", "again": ["06-30", "06-29"]},
            "day 2026-07-01, again 06-30, 06-29",
        ),
        ({"failed": [], "reason": None, "frozen": False}, ""),
        ({"frozen": True, "minutes_lag": 1.25}, "frozen, 1.2 minutes lag"),
        ({"mql": 1, "crm": {"calls": 2, "is_paused": False}}, "1 mql, crm (2 calls)"),
    ],
)
def test_counts_are_one_line(counts: dict[str, object], line: str) -> None:
    assert describe_counts(counts) == line


def test_chunks_are_summed_until_none_remains() -> None:
    chunks = iter([Chunk(2, -3, True), Chunk(1, 5, False), Chunk(9, 9, False)])
    assert run_chunks(lambda: next(chunks), clock=lambda: datetime.now(UTC)) == {"leads": 3, "points": 2}


def test_chunks_end_with_the_time() -> None:
    moments = iter([datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=20 * number) for number in range(9)])
    counts = run_chunks(lambda: Chunk(1, 0, True), clock=lambda: next(moments), limit=timedelta(seconds=45))
    assert counts["leads"] == 3
