"""Rows taken from a matrix keep their places in every array, and the digest sees every value."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from leadops.training.matrix import Matrix
from tests.training.matrices import category, matrix, number

START = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = {"views": number([1.0, np.nan, 3.0]), "industry": category(["retail", None, "banks"])}
WHOLE = matrix(COLUMNS, [1, 0, 1], start=START)


def test_rows_are_taken_from_every_array() -> None:
    rows = WHOLE.take(np.array([2, 0]))
    assert len(rows) == 2
    assert rows.lead_ids.tolist() == [3, 1]
    assert rows.cycles.tolist() == [1, 1]
    assert rows.at.tolist() == [START.timestamp() + 7200, START.timestamp()]
    assert rows.reached.tolist() == [1, 1]
    views, industry = rows.columns["views"], rows.columns["industry"]
    assert (views.numbers.tolist(), views.codes) == ([3.0, 1.0], None)
    assert (industry.numbers, industry.codes.tolist()) == (None, [1, 2])
    assert industry.words == ("banks", "retail")


def test_the_same_knowledge_has_the_same_digest() -> None:
    again = matrix(dict(reversed(COLUMNS.items())), [1, 0, 1], start=START)
    assert again.digest() == WHOLE.digest(), "the order of the columns does not matter"
    assert WHOLE.take(slice(None)).digest() == WHOLE.digest()


@pytest.mark.parametrize(
    "other",
    [
        replace(WHOLE, lead_ids=np.array([1, 2, 4])),
        replace(WHOLE, cycles=np.array([1, 1, 2], np.int32)),
        replace(WHOLE, at=WHOLE.at + 1),
        replace(WHOLE, reached=np.array([1, 1, 1], np.int8)),
        replace(WHOLE, columns=COLUMNS | {"views": number([1.0, np.nan, 4.0])}),
        replace(WHOLE, columns=COLUMNS | {"views": number([1.0, np.nan, 3.0], count=["view_home"])}),
        replace(WHOLE, columns=COLUMNS | {"industry": category(["retail", "banks", "banks"])}),
        replace(WHOLE, columns=COLUMNS | {"industry": category(["retail", None, "shops"])}),
        replace(WHOLE, columns={"visits": COLUMNS["views"], "industry": COLUMNS["industry"]}),
    ],
    ids=["lead", "cycle", "moment", "outcome", "number", "feature", "code", "word", "name"],
)
def test_another_value_has_another_digest(other: Matrix) -> None:
    assert other.digest() != WHOLE.digest()
