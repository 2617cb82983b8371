"""The story of a lead in routing, and why there is none."""

import pytest

from leadops.errors import PermanentError
from leadops.routing.explain_routing import explain_routing
from tests.routing.conftest import Office


def test_each_assignment_in_its_order_by_id_or_address(office: Office) -> None:
    office.rep("a")
    office.rep("b")
    office.mql(1, language="ja")
    office.assign()
    office.wake(1)
    office.assign(20)
    for key in (1, "1", "p1@x.example"):
        lead_id, steps = explain_routing(office.connection, key)
        assert lead_id == 1
        assert [(step.number, step.rep_id, step.cause, step.waited_minutes) for step in steps] == [
            (1, "a", "mql", 0),
            (2, "b", "breach", 20),
        ]


def test_a_merged_lead_tells_the_story_of_its_person(office: Office) -> None:
    office.rep("a")
    office.mql(1)
    office.mql(2, 5)
    office.assign(10)
    office.connection.execute("insert into identity.people values (1, 1), (2, 1)")
    office.connection.execute("update identity.leads set merged_into = 1 where lead_id = 2")
    lead_id, steps = explain_routing(office.connection, 2)
    assert (lead_id, len(steps)) == (1, 2)


@pytest.mark.parametrize(
    ("imported", "says"), [(True, "its MQL was imported"), (False, "not an MQL yet, or sales ended it")]
)
def test_a_lead_that_was_never_routed_says_why(office: Office, imported: bool, says: str) -> None:
    if imported:
        office.mql(1)
        office.connection.execute("update lifecycle.transitions set evidence = '{\"imported\": 1}'")
    else:
        office.lead(1)
    with pytest.raises(PermanentError, match=says):
        explain_routing(office.connection, 1)


def test_a_lead_with_another_mql_that_was_not_imported_is_not_called_imported(office: Office) -> None:
    office.mql(1)
    office.mql(1, 5, cycle=2)
    office.connection.execute(
        "update lifecycle.transitions set evidence = '{\"imported\": 1}' where cycle = 1"
    )
    with pytest.raises(PermanentError, match="sales ended it first"):
        explain_routing(office.connection, 1)
