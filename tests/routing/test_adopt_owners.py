"""Owners in the CRM whose assignment was lost when the database went back."""

import pytest

from leadops.db import Connection
from leadops.routing.record_assignments import adopt_owners
from tests.routing.conftest import Office
from tests.whole_database import dump_database


@pytest.fixture
def office(connection: Connection) -> Office:
    office = Office(connection)
    for rep in ("a", "b"):
        office.rep(rep)
    return office


def adopt(office: Office, *owners: tuple[int, str], minute: float = 5) -> list[int]:
    with office.connection.transaction():
        return adopt_owners(office.connection, owners, now=office.at(minute))


def notices(office: Office) -> list[str]:
    return [state for (state,) in office.rows("select state from routing.notices order by assignment_id")]


def test_a_lost_owner_keeps_the_lead_and_nobody_else_hears_of_it(office: Office) -> None:
    office.mql(1)
    office.assign()
    office.mql(2)
    office.assign()
    assert (office.owner(), notices(office)) == ("a", ["open", "open"])
    assert adopt(office, (1, "b")) == [1]
    assert (office.owner(), notices(office)) == ("b", ["dropped", "open"])
    assert office.story() == [("a", "share", "mql"), ("b", "taken", "mql")]
    # Killed and run again: nothing more.
    before = dump_database(office.connection)
    assert adopt(office, (1, "b"), minute=9) == []
    assert dump_database(office.connection) == before


def test_an_owner_whom_routing_knows_is_not_news(office: Office) -> None:
    """The lead moved on from a to b here, and the request was not sent yet: the CRM still has a."""
    office.mql(1)
    office.assign()
    office.connection.execute("update routing.leads set rep_id = 'b'")
    assert adopt(office, (1, "a")) == []
    assert office.owner() == "b"


def test_a_queued_lead_leaves_its_queue(office: Office) -> None:
    for rep in ("a", "b"):
        office.rep(rep, capacity_per_day=0)
    office.mql(1)
    office.assign()
    assert office.story()[0][1] == "queue"
    assert adopt(office, (1, "b")) == [1]
    assert office.owner() == "b"
    office.assign(10)
    assert office.owner() == "b"
    assert len(office.story()) == 2


def test_who_is_no_salesperson_of_ours_and_who_is_no_lead_of_routing_are_left_alone(office: Office) -> None:
    office.mql(1)
    office.assign()
    office.lead(2)
    assert adopt(office, (1, "somebody else"), (2, "b")) == []
    assert office.owner() == "a"


def test_the_account_goes_to_the_owner_if_it_has_none(office: Office) -> None:
    office.mql(1)
    office.assign()
    office.connection.execute("delete from routing.accounts")
    assert adopt(office, (1, "b")) == [1]
    assert office.rows("select rep_id from routing.accounts") == [("b",)]
