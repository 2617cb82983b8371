"""New calls come first; beside them a few retries, alone more."""

import pytest

from leadops.delivery.due_calls import lock_due


@pytest.mark.parametrize(
    ("new", "failed", "limit", "expected"),
    [
        (20, 20, 10, (8, 2)),  # two places are kept for retries
        (3, 20, 10, (3, 2)),  # beside new calls, never more than two retries
        (0, 20, 50, (0, 10)),
        (0, 20, 4, (0, 4)),
        (9, 0, 10, (8, 0)),
        (5, 5, 1, (1, 0)),  # one call: a new one
        (0, 5, 1, (0, 1)),
        (5, 5, 2, (1, 1)),
    ],
)
def test_how_many_of_each(new: int, failed: int, limit: int, expected: tuple[int, int]) -> None:
    due = {False: ["new"] * new, True: ["retry"] * failed}
    calls = lock_due(lambda is_retry, max_rows: due[is_retry][:max_rows], limit=limit)
    assert (calls.count("new"), calls.count("retry")) == expected
    assert calls == sorted(calls)
