import pytest

from leadops.errors import PermanentError
from leadops.scoring.explain_score import explain_score
from tests.scoring.conftest import World, at
from tests.scoring.test_score import VIEW, rule_set, view
from tests.shipped import SHIPPED


def test_every_point_is_explained_and_sums_to_the_total(world: World) -> None:
    rules = rule_set(
        {**VIEW, "points": 70},
        {"name": "bye", "event": "unsubscribe", "points": -30},
        fit=[{"name": "country", "trait": "country", "points": 90, "when": {"in": ["JP"]}}],
    )
    world.run(
        rules,
        [
            view("one", 1, "identify", properties={"country": "JP"}),
            view("two", 2),
            view("three", 3, "unsubscribe"),
        ],
    )
    by_email = explain_score(world.connection, " A@x.example", grades=SHIPPED.scoring.grades)
    assert by_email == explain_score(world.connection, by_email.lead_id, grades=SHIPPED.scoring.grades)
    assert [(line.event, line.reason, line.points, line.running) for line in by_email.lines] == [
        (None, "country", 90, 90),
        ("view", "view", 70, 160),
        ("unsubscribe", "bye", -30, 130),
    ]
    assert by_email.lines[1].occurred_at == at(2)
    assert (by_email.fit, by_email.behaviour, by_email.total, by_email.shown, by_email.grade) == (
        90,
        40,
        130,
        100,
        "A2",
    )
    assert by_email.agrees


def test_a_score_that_does_not_agree_is_told(world: World) -> None:
    world.run(rule_set(VIEW), [view("one", 1)])
    world.connection.execute("update scoring.scores set behaviour = 6")
    assert not explain_score(world.connection, 1, grades=SHIPPED.scoring.grades).agrees


def test_a_lead_without_points_is_explained_too(world: World) -> None:
    world.run(rule_set(VIEW), [view("one", 1, "nothing")])
    explanation = explain_score(world.connection, 1, grades=SHIPPED.scoring.grades)
    assert (explanation.total, explanation.lines, explanation.agrees) == (0, [], True)


@pytest.mark.parametrize("lead", [7, "who@x.example"])
def test_an_unknown_lead_is_refused_without_its_email(world: World, lead: int | str) -> None:
    with pytest.raises(PermanentError) as caught:
        explain_score(world.connection, lead, grades=SHIPPED.scoring.grades)
    assert "who@" not in str(caught.value)
