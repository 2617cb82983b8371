"""Journeys made by hand, and a slow, plain way to make them, to compare with."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from leadops.attribution.credits import DAY
from leadops.attribution.journeys import Conversions, Journeys, Touches
from leadops.attribution.weights import Paths


@dataclass(frozen=True)
class Path:
    """One person's path: channels by number, days before its end, value in hundredths; None: a null path."""

    channels: list[int]
    ages: list[float]
    cents: int | None = 0


def make_journeys(paths: list[Path]) -> Journeys:
    """Each path as the journey of a person of its own."""
    ordered = [path for path in paths if path.cents is not None] + [p for p in paths if p.cents is None]
    return Journeys(
        journey=np.repeat(np.arange(len(ordered)), [len(path.channels) for path in ordered]),
        name=np.array([channel for path in ordered for channel in path.channels], dtype=np.int64),
        age=np.array([round(age * DAY) for path in ordered for age in path.ages], dtype=np.int64),
        person=np.arange(1, len(ordered) + 1),
        cents=np.array([path.cents for path in ordered if path.cents is not None], dtype=np.int64),
    )


def make_path(channels: list[int], ages: list[float] | None = None) -> Paths:
    """One path with a conversion."""
    ages = ages or [float(days) for days in range(len(channels), 0, -1)]
    return Paths(np.zeros(len(channels), dtype=np.int64), np.array(channels), np.array(ages))


def touches(rows: list[tuple[int, int, int, int]]) -> Touches:
    """Rows of person, time, seq, name."""
    return Touches(*np.array(rows, dtype=np.int64).reshape(-1, 4).T)


def conversions(rows: list[tuple[int, int, int, int]]) -> Conversions:
    """Rows of person, time, seq, cents."""
    return Conversions(*np.array(rows, dtype=np.int64).reshape(-1, 4).T)


@st.composite
def random_paths(draw: st.DrawFn, *, channels: int = 4, most: int = 12) -> list[Path]:
    """Paths over a few channels, with and without touches and conversions."""
    paths = []
    for _ in range(draw(st.integers(1, most))):
        seen = draw(st.lists(st.integers(0, channels - 1), max_size=6))
        cents = draw(st.one_of(st.none(), st.integers(0, 10**7)) if seen else st.integers(0, 10**7))
        ages = sorted(draw(st.lists(st.floats(0, 90), min_size=len(seen), max_size=len(seen))), reverse=True)
        paths.append(Path(seen, ages, cents))
    return paths


def names(count: int) -> list[str]:
    """What these channels are called."""
    return [f"c{number}" for number in range(count)]
