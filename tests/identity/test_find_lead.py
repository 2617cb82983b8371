import pytest

from leadops.errors import PermanentError
from leadops.identity.find_lead import FoundLead, find_lead, parse_lead
from tests.identity.test_apply_merges import both
from tests.scoring.conftest import World


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        (7, (7, None)),
        ("7", (7, None)),
        (" 007 ", (7, None)),
        (" Ann@X.example", (None, "ann@x.example")),
        ("9" * 18, (int("9" * 18), None)),
    ],
)
def test_a_person_types_a_number_or_an_email(typed: int | str, parsed: tuple[int | None, str | None]) -> None:
    assert parse_lead(typed) == parsed


@pytest.mark.parametrize("typed", ["Ann", "", "-7", "7.0", "٧", "9" * 19])
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(PermanentError, match="must be a lead_id"):
        parse_lead(typed)


def test_a_merged_lead_is_found_with_the_oldest_lead_of_the_person(world: World) -> None:
    world.accept(both())
    world.resolve()
    assert find_lead(world.connection, "2") == FoundLead(2, 1)
    assert find_lead(world.connection, "B@x.example") == FoundLead(2, 1)
    assert find_lead(world.connection, 1) == FoundLead(1, 1)


def test_who_is_not_there_is_named(world: World) -> None:
    with pytest.raises(PermanentError, match="there is no lead 7;"):
        find_lead(world.connection, "7")
    with pytest.raises(PermanentError, match="no lead has this email;"):
        find_lead(world.connection, "ann@x.example")
