"""Columns that have seen the future are found, each by the check that can."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from leadops.training.features import read_matrix
from leadops.training.observations import fill_mature_leads
from leadops.training.target_leakage import find_late, find_too_good
from leadops.training.training_settings import Feature
from tests.promises import promise_examples
from tests.shipped import SHIPPED, change
from tests.training.conftest import DAY, START, World, settings
from tests.training.matrices import category, drawn, matrix, number

SIZE = 400
RANDOM = np.random.default_rng(7)
HONEST = RANDOM.normal(size=SIZE)
REACHED = drawn(HONEST, seed=7)


def refused(column: object, *, limit: float = 0.78) -> list[str]:
    rows = matrix({"honest": number(HONEST), "planted": column}, REACHED, start=START)  # type: ignore[dict-item]
    return [
        each.feature
        for each in find_too_good(rows, settings=change(SHIPPED.training.target_leakage, auc=limit))
    ]


@pytest.mark.parametrize(
    "planted",
    [
        number(REACHED),
        number(-5.0 * REACHED + RANDOM.normal(size=SIZE)),
        number(np.where(REACHED == 1, np.nan, 1.0)),
        number(np.where(REACHED == 1, RANDOM.choice([-3.0, 3.0], SIZE), RANDOM.normal(size=SIZE) / 3)),
        category(["will buy" if each else None for each in REACHED]),
        category(["busy" if each or n % 5 == 0 else "ringing" for n, each in enumerate(REACHED)]),
    ],
    ids=["the label", "falls", "missing when won", "both ends", "told when won", "nearly"],
)
def test_a_planted_column_is_refused_by_name(planted: object) -> None:
    assert refused(planted) == ["planted"]


def test_an_honest_column_is_not_refused() -> None:
    assert refused(number(2 * HONEST)) == []


@examples(max_examples=promise_examples(30), deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_category_of_every_leads_own_tells_nothing_of_others(seed: int) -> None:
    random = np.random.default_rng(seed)
    assert refused(category([f"lead {n}" for n in random.permutation(SIZE)])) == []


def test_a_few_leads_are_not_enough_to_be_sure() -> None:
    rows = matrix({"luck": number([0, 0, 0, 0, 1, 1, 1, 1])}, [0, 0, 0, 0, 1, 1, 1, 1], start=START)
    assert find_too_good(rows, settings=SHIPPED.training.target_leakage) == []


@pytest.mark.parametrize(
    ("late", "is_refused"),
    [(None, True), (START + DAY, True), (START - DAY, False), (START, False)],
    ids=["nobody knows when", "after", "before", "at the moment itself"],
)
def test_an_attribute_that_became_known_after_the_mql_is_refused(
    world: World, late: object, is_refused: bool
) -> None:
    for number_ in range(40):
        lead = world.lead()
        world.stage(lead, "mql", START)
        world.attribute(lead, "Lead Profile", f"p{number_ % 3}", late)  # type: ignore[arg-type]
    features = {"profile": Feature.model_validate({"attribute": "Lead Profile", "kind": "category"})}
    with world.connection.transaction():
        fill_mature_leads(world.connection, until=START + 60 * DAY, settings=settings())
        read_matrix(world.connection, features=features, profile_events=["identify"])
        found = find_late(world.connection, features, settings=SHIPPED.training.target_leakage)
    assert [(each.feature, each.check) for each in found] == ([("profile", "late")] if is_refused else [])
    if is_refused:
        assert "40 of the 40 leads" in found[0].reason


def test_one_late_value_in_a_hundred_is_a_slip_and_two_are_not(world: World) -> None:
    leads = [world.lead() for _ in range(100)]
    for place, lead in enumerate(leads):
        world.stage(lead, "mql", START)
        world.attribute(lead, "slip", "x", START + DAY if place < 1 else START - DAY)
        world.attribute(lead, "habit", "x", START + DAY if place < 2 else START - DAY)
    empty = world.lead()  # a cell without a value says nothing, late or not
    world.stage(empty, "mql", START)
    world.attribute(empty, "slip", None, START + DAY)
    features = {
        name: Feature.model_validate({"attribute": name, "kind": "category"}) for name in ("slip", "habit")
    }
    with world.connection.transaction():
        fill_mature_leads(world.connection, until=START + 60 * DAY, settings=settings())
        read_matrix(world.connection, features=features, profile_events=["identify"])
        found = find_late(world.connection, features, settings=SHIPPED.training.target_leakage)
    assert [each.feature for each in found] == ["habit"]
    assert "2 of the 100 leads" in found[0].reason
