import pytest

from benchmarks.table import show_number, write_page

FIGURES = [
    {"name": "p95", "value": 61.04, "unit": "s", "bound": "under", "target": 65, "met": True},
    {"name": "ratio", "value": 3.2, "unit": "x", "bound": "at least", "target": 8, "met": False},
    {"name": "events", "value": 120, "unit": "", "bound": None, "target": None, "met": None},
]


def page(*, quick: bool) -> str:
    about = {"measured_at": "2026-05-04T03:02:01+00:00", "quick": quick, "remarks": ["over 6 minutes"]}
    machine = {"cores": 2, "memory_gib": 7.7}
    return write_page({"machine": machine, "benchmarks": {"latency": {**about, "figures": FIGURES}}})


def test_each_figure_is_a_row_with_its_target_and_whether_it_is_met() -> None:
    lines = page(quick=False).splitlines()

    assert "| p95 | 61.0 s | under 65 s | met |" in lines
    assert "| ratio | 3.20 x | at least 8 x | **not met** |" in lines
    assert "| events | 120 |  |  |" in lines
    assert "- over 6 minutes" in lines


def test_the_machine_is_described() -> None:
    assert "cores 2, memory gib 7.7" in page(quick=False)


def test_small_sizes_are_never_taken_for_a_result() -> None:
    assert "says nothing of the targets" in page(quick=True)
    assert "says nothing of the targets" not in page(quick=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1_000_000, "1,000,000"), (12_345.6, "12,346"), (61.04, "61.0"), (0.4, "0.40"), (20.0, "20"), (0, "0")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert show_number(value) == text
