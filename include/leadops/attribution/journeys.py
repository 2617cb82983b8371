"""Journeys: the touches that led one person to one conversion, or to none."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Touches:
    """Touches in any order, one a place: who, when (µs), its place among those of one moment, its name."""

    person: Ints
    time: Ints
    seq: Ints
    name: Ints


@dataclass(frozen=True)
class Conversions:
    """Conversions in any order, one a place; `cents` is their value; an event's `seq` is its touch's."""

    person: Ints
    time: Ints
    seq: Ints
    cents: Ints


@dataclass(frozen=True)
class Journeys:
    """Journeys 0, 1, …: first those with a conversion, then the null paths.

    Touch by touch, in order of journey and then of time: `journey`, `name`, `age` (µs before the conversion;
    0 in null paths). Journey by journey: `person`. `cents` is of the journeys with a conversion only.
    """

    journey: Ints
    name: Ints
    age: Ints
    person: Ints
    cents: Ints

    @property
    def converted(self) -> int:
        """The number of journeys with a conversion."""
        return len(self.cents)


def split_journeys(
    touches: Touches, conversions: Conversions, *, since: int, windows: Ints, visit: int
) -> Journeys:
    """Give each touch to the first conversion of its person that is not before it.

    It counts there when it lies at most windows[name] (µs) before it. Journeys whose conversion is before
    `since` (µs) are over and left out. Touches from `since` on that count for no conversion make null
    paths, one for each person and stretch between two conversions. A touch less than `visit` (µs) after
    the one before it, of the same person and name, is the same visit and left out, unless it is itself the
    conversion's event.
    """
    person = np.concatenate([touches.person, conversions.person])
    time = np.concatenate([touches.time, conversions.time])
    seq = np.concatenate([touches.seq, conversions.seq])
    is_conversion = np.arange(len(person)) >= len(touches.person)
    order = np.lexsort((is_conversion, seq, time, person))
    person, time, seq, is_conversion = person[order], time[order], seq[order], is_conversion[order]

    # Of each row the next conversion's row, itself included; `end` where its person has none.
    end = len(person)
    rows = np.where(is_conversion, np.arange(end), end)
    following = np.minimum.accumulate(rows[::-1])[::-1]
    person, time, seq = np.append(person, -1), np.append(time, 0), np.append(seq, -1)
    following = np.where(person[following] == person[:end], following, end)

    at = np.flatnonzero(~is_conversion)
    name, goal = touches.name[order[at]], following[at]
    is_own = (goal < end) & (seq[goal] == seq[at]) & (time[goal] == time[at])
    again = np.zeros(len(at), dtype=bool)
    again[1:] = (
        (person[at[1:]] == person[at[:-1]])
        & (name[1:] == name[:-1])
        & (time[at[1:]] - time[at[:-1]] < visit)
        & ~is_own[1:]
    )
    at, name, goal = at[~again], name[~again], goal[~again]
    age = time[goal] - time[at]
    counts = (goal < end) & (age <= windows[name])
    is_path, is_null = counts & (time[goal] >= since), ~counts & (time[at] >= since)

    won = np.flatnonzero(is_conversion & (time[:end] >= since))
    number = np.full(end + 1, -1, dtype=np.int64)
    number[won] = np.arange(len(won))
    stretch = np.stack([person[at[is_null]], goal[is_null]])
    is_new = np.ones(stretch.shape[1], dtype=bool)
    is_new[1:] = (stretch[:, 1:] != stretch[:, :-1]).any(axis=0)
    return Journeys(
        journey=np.concatenate([number[goal[is_path]], len(won) - 1 + np.cumsum(is_new)]),
        name=np.concatenate([name[is_path], name[is_null]]),
        age=np.concatenate([age[is_path], np.zeros(int(is_null.sum()), dtype=np.int64)]),
        person=np.concatenate([person[won], stretch[0, is_new]]),
        cents=conversions.cents[order[won] - len(touches.person)],
    )
