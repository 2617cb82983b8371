from typing import Any

import pytest

from leadops.identity.compare_rebuilt import compare_rebuilt
from leadops.normalization.placeholder_ids import bound_id
from tests.identity.test_resolve import seen
from tests.scoring.conftest import World
from tests.scoring.oracle import Happening
from tests.shipped import change


def enriched(name: str, enrichment_id: Any, minutes: float = 0) -> Happening:
    properties = {"enrichment_id": enrichment_id}
    return seen(name, minutes, "identify", email=f"{name}@x.example", properties=properties)


def ids(world: World) -> list[tuple[Any, ...]]:
    return world.rows(
        "select value, lead_id from identity.aliases where kind = 'enrichment_id' order by 1, 2"
    )


@pytest.mark.parametrize(
    "value",
    [
        *(
            "null",
            "undefined",
            "N/A",
            "Ｎ／Ａ",
            "不明",
            "0",
            "00000000-0000-0000-0000-000000000000",
            "xxxxxxxx",
        ),
        *(" ", "\u3000", "-", 0, True, None, [], ["null"], {"id": "e-1"}, ["e-1", "e-2"]),
    ],
)
def test_an_id_that_everybody_has_ties_nobody(world: World, value: Any) -> None:
    world.accept([enriched("ann", value), enriched("ben", value)])
    world.resolve()
    assert ids(world) == []
    assert world.rows("select * from identity.people") == []
    world.connection.commit()
    assert compare_rebuilt(world.connection, settings=world.identity).differences == {}


@pytest.mark.parametrize("value", ["e-1", " e-1 ", ["e-1"]])
def test_an_id_is_the_same_however_it_is_wrapped(world: World, value: Any) -> None:
    world.accept([enriched("ann", "e-1"), enriched("ben", value)])
    world.resolve()
    assert ids(world) == [("e-1", 1)]
    assert len(world.rows("select * from identity.people")) == 2


def test_long_ids_that_begin_alike_are_two_people(world: World) -> None:
    one, two = ("e" * 10 + "1" * 190 + end for end in "ab")
    world.accept([enriched("ann", one), enriched("ben", two), enriched("eve", one)])
    world.resolve()
    assert ids(world) == sorted([(bound_id(one, 200), 1), (bound_id(two, 200), 2)])
    assert world.rows("select lead_id, person_id from identity.people order by 1") == [(1, 1), (3, 1)]
    world.connection.commit()
    assert compare_rebuilt(world.connection, settings=world.identity).differences == {}


def test_the_next_property_counts_where_the_first_holds_a_placeholder(world: World) -> None:
    world.identity = change(world.identity, enrichment_id=["clearbit_id", "apollo_id"])
    properties = {"clearbit_id": "null", "apollo_id": 4711}
    world.accept([seen("a", event="identify", email="a@x.example", properties=properties)])
    world.resolve()
    assert ids(world) == [("4711", 1)]


def test_the_kelvin_sign_makes_no_address_of_somebody_else(world: World) -> None:
    # The doors refuse it; an event that came another way must not be lowered into another address.
    world.accept([seen("a", email="ken@x.example"), seen("b", email="\u212aen@x.example")])
    world.resolve()
    assert world.owners() == {"a": "ken@x.example", "b": "\u212aen@x.example"}
