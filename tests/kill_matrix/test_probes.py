from collections import Counter

from tests.kill_matrix.probes import Probe, list_wrong

ACCEPTED = [
    *(Probe(f"{name}@event.example", False, 0.0) for name in ("ann", "bob", "eve", "joe")),
    *(Probe(f"{name}@form.example", True, 0.0) for name in ("kim", "lee", "max")),
]


def test_what_is_lost_or_counted_twice_is_found() -> None:
    wrong = list_wrong(
        ACCEPTED,
        points={"ann@event.example": 15, "bob@event.example": 30, "eve@event.example": 15},
        leads=Counter({"kim@form.example": 1, "lee@form.example": 2}),
    )
    assert wrong == [
        "bob@event.example: 30 points, not 15",
        "joe@event.example: None points, not 15",
        "lee@form.example: 2 leads in the CRM",
        "max@form.example: 0 leads in the CRM",
    ]


def test_an_ma_in_which_all_points_are_lost_or_double_is_wrong() -> None:
    events = [probe for probe in ACCEPTED if not probe.is_form]
    assert len(list_wrong(events, points={}, leads=Counter())) == 4
    twice = {probe.email: 30 for probe in events}
    assert len(list_wrong(events, points=twice, leads=Counter())) == 4
