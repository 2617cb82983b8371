"""Which of several values of a fact counts: the newest that was known, and what decides among equals."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from leadops.training import profile_values
from leadops.training.matrix import Matrix
from tests.training.conftest import DAY, START, World
from tests.training.test_features import features, numbers, read

MQL = START
TICK = timedelta(microseconds=1)


def words(matrix: Matrix, name: str) -> list[str | None]:
    """Return the words of a category's column, row by row."""
    column = matrix.columns[name]
    assert column.codes is not None
    return [None if code < 0 else column.words[code - 1] for code in column.codes]


def told(world: World, wanted: dict[str, Any], *events: tuple[int, dict[str, Any]]) -> Matrix:
    """Return the matrix of a lead that identified itself so many days before its MQL, with these facts."""
    lead = world.lead()
    world.stage(lead, "mql", MQL)
    for days, facts in events:
        world.event(lead, "identify", MQL - days * DAY, **facts)
    return read(world, features(**wanted))


INDUSTRY = {"industry": {"properties": ["industry", "sector"], "kind": "category"}}


NEWEST: list[tuple[list[tuple[int, dict[str, Any]]], str | None]] = [
    ([(2, {"industry": "old"}), (1, {"industry": "new"})], "new"),
    ([(1, {"industry": "new"}), (2, {"industry": "old"})], "new"),
    ([(1, {"industry": "first"}), (1, {"industry": "second"})], "second"),  # the higher event_id
    ([(1, {"industry": "own", "sector": "other"})], "own"),
    ([(1, {"sector": "other", "industry": {"name": "x"}})], "other"),
    ([(1, {"sector": "other", "industry": "  "})], "other"),
    ([(2, {"industry": "old"}), (1, {"sector": "new"})], "new"),
    ([(1, {"industry": True})], "true"),
    ([(1, {"industry": ["retail"]})], None),
]


def test_the_newest_event_and_its_first_property_count(world: World) -> None:
    for events, _ in NEWEST:
        matrix = told(world, INDUSTRY, *events)
    assert words(matrix, "industry") == [value for _, value in NEWEST]


def test_each_feature_and_each_lead_has_its_own_newest_value(world: World) -> None:
    wanted = INDUSTRY | {"employees": {"properties": ["employees"]}}
    told(world, wanted, (3, {"employees": 30, "industry": "x"}), (2, {"industry": "y"}))
    matrix = told(world, wanted, (1, {"employees": 10}), (4, {"employees": 40}))
    assert numbers(matrix, "employees") == [30.0, 10.0]
    assert words(matrix, "industry") == ["y", None]


def test_words_are_numbered_by_how_many_have_them_and_the_last_are_rare(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile_values, "MAX_WORDS", 3)
    for value in ["c", "a", "d", "b", "c", "d", "c"]:
        matrix = told(world, INDUSTRY, (1, {"industry": value}))
    column = matrix.columns["industry"]
    assert column.codes is not None
    # c has three, d two, a and b one each: of these the first in the alphabet
    assert column.words == ("c", "d", "a")
    assert column.codes.tolist() == [1, 3, 2, 0, 1, 2, 1]


SOURCE = features(source={"attribute": "source", "kind": "category"})


def test_the_newest_attribute_that_was_known_by_then_counts_of_all_the_persons_leads(world: World) -> None:
    """Each person has two leads, the older one's value first; each value with when it became known."""
    persons: list[tuple[tuple[Any, datetime], tuple[Any, datetime], str | None]] = [
        (("at the moment", MQL), ("after it", MQL + TICK), "at the moment"),
        (("old", MQL - 2 * DAY), ("new", MQL - DAY), "new"),
        (("new", MQL - DAY), ("old", MQL - 2 * DAY), "new"),
        (("older lead's", MQL), ("younger lead's", MQL), "older lead's"),
        *((("said", MQL - DAY), (blank, MQL), "said") for blank in ({"a": 1}, ["x"], None, "", " ")),
    ]
    for *values, _ in persons:
        leads = world.lead(), world.lead()
        world.stage(leads[0], "mql", MQL)
        world.join(*leads)
        world.prove(*leads, MQL - 9 * DAY)
        for lead, (value, known_at) in zip(leads, values, strict=True):
            world.attribute(lead, "source", value, known_at)
    assert words(read(world, SOURCE), "source") == [expected for *_, expected in persons]


def test_the_newest_imported_score_as_of_the_moment_counts(world: World) -> None:
    lead = world.lead()
    world.stage(lead, "mql", MQL)
    ids = world.rows(
        "insert into training.score_imports (day, hash, imported_at)"
        " values ('2026-01-01', 'a', now()), ('2026-01-01', 'b', now()) returning import_id"
    )
    for (import_id,), score in zip(ids, (0.5, 0.9), strict=True):
        for at, of_then in ((MQL - DAY, 0.2), (MQL, score), (MQL + TICK, 0.1)):
            world.connection.execute(
                "insert into training.imported_scores values (%s, %s, %s, %s)", [import_id, lead, at, of_then]
            )
    wanted = features(**{f"score {place}": {"imported": row[0]} for place, row in enumerate(ids)})
    matrix = read(world, wanted)
    # Log odds: of one half 0, of nine in ten ln 9.
    assert numbers(matrix, "score 0") == [0.0]
    assert numbers(matrix, "score 1") == [pytest.approx(2.1972246, abs=1e-6)]


def test_a_score_of_certainty_is_held_a_millionth_away_from_it(world: World) -> None:
    """The natural logarithm of 0.000001 / 0.999999 is −13.815510."""
    ((import_id,),) = world.rows(
        "insert into training.score_imports (day, hash, imported_at) values ('2026-01-01', 'a', now())"
        " returning import_id"
    )
    for score in (0, 1):
        lead = world.lead()
        world.stage(lead, "mql", MQL)
        world.connection.execute(
            "insert into training.imported_scores values (%s, %s, %s, %s)", [import_id, lead, MQL, score]
        )
    matrix = read(world, features(score={"imported": import_id}))
    assert numbers(matrix, "score") == [pytest.approx(-13.81551, abs=1e-5), pytest.approx(13.81551, abs=1e-5)]
