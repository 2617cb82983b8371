"""How property tests draw their examples: how many for each promise, and whether they are always the same."""

import os
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, settings

#: The variable with the number of examples of each promise.
EXAMPLES = "LEADOPS_PROMISE_EXAMPLES"

#: Whether tests that take minutes run whole (`make test-long`); otherwise they are tried on a part.
IS_LONG = bool(os.environ.get("LEADOPS_LONG_TESTS"))

#: The examples of every run are the same: `make test` is not red by chance.
SAME = "leadops"
#: Other examples in every run: for the search for what nobody thought of.
RANDOM = "leadops-random"


def promise_examples(default: int) -> int:
    """Return the number of examples for a property test that is tried with `default` ones normally."""
    return int(os.environ.get(EXAMPLES, default))


Value = TypeVar("Value")


def in_turn(values: Sequence[Value], number: int, *, of: int | None = None) -> list[Value]:
    """Return the share of `values` that the case with this number is tried with: all where EXAMPLES is set.

    Without it each value is tried with one case of `of`, by default as many as there are values; so with as
    many cases in a row, each value is tried once.
    """
    step = of or len(values)
    return list(values) if EXAMPLES in os.environ else list(values[number % step :: step])


def register_profiles() -> None:
    """Register both profiles with hypothesis and load one: the random one where EXAMPLES is set.

    `--hypothesis-profile` of pytest loads another. No example has to be drawn or tried within a time: how
    long that takes is the machine's business.
    """
    for name, is_same in ((SAME, True), (RANDOM, False)):
        settings.register_profile(
            name,
            derandomize=is_same,
            database=None,  # nothing of an earlier run decides what this one tries
            deadline=None,
            max_examples=promise_examples(100),
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow],
        )
    settings.load_profile(RANDOM if EXAMPLES in os.environ else SAME)
