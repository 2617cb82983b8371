import pytest

from benchmarks.figures import Bound, Figure


@pytest.mark.parametrize(
    ("value", "bound", "met"),
    [
        (7.9, "at least", False),
        (8.0, "at least", True),
        (8.0, "at most", True),
        (8.1, "at most", False),
        (7.9, "under", True),
        (8.0, "under", False),
    ],
)
def test_a_target_is_met_or_not(value: float, bound: Bound, met: bool) -> None:
    assert Figure("speed", value, "x", bound, 8).met is met


def test_without_a_target_nothing_is_promised() -> None:
    assert Figure("speed", 1.0, "x").met is None
