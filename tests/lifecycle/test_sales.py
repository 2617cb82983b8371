"""What sales did: SAL, SQL, won and lost, in whatever order it is learned."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.promises import promise_examples

After = Callable[[float], datetime]
HOUR = 60


@pytest.mark.parametrize(
    ("taken", "contact", "sal"),
    [
        (1, 5, 5),
        (5, 1, 5),
        (1, 24 * HOUR, 24 * HOUR),
        (1, 24 * HOUR + 1, None),
        (25 * HOUR, 1, None),
        (None, 1, None),
        (1, None, None),
    ],
)
def test_sal_is_taken_and_contacted_within_a_day(
    company: Any, after: After, taken: int | None, contact: int | None, sal: int | None
) -> None:
    lead = company.mql()
    if taken is not None:
        company.activity("t", "L-1", "status", after(taken), status="accepted")
    if contact is not None:
        company.activity("c", "L-1", "mail", after(contact))
    company.qualify(after(100 * HOUR))
    assert company.stages(lead).get("sal") == (None if sal is None else after(sal))


def test_taken_by_nobody_is_not_taken(company: Any, after: After) -> None:
    lead = company.mql()
    company.activity("t", "L-1", "status", after(1), status="taken", rep_id=None)
    company.activity("c", "L-1", "call", after(2))
    company.qualify(after(3))
    assert "sal" not in company.stages(lead)


@pytest.mark.parametrize(
    ("details", "meeting", "is_sql"),
    [
        ({"need": True, "budget": True}, True, True),
        ({"need": True, "budget": "120000"}, True, True),
        ({"need": True, "budget": True, "next_meeting_at": "2026-06-09T01:00:00Z"}, False, True),
        ({"need": True, "budget": True}, False, False),
        ({"need": True, "budget": False}, True, False),
        ({"need": True, "budget": "no", "authority": None}, True, False),
        ({"need": True, "budget": "N/A", "authority": "未定"}, True, False),
        ({"need": True, "budget": "\u3000", "authority": "-"}, True, False),
        ({"need": True, "budget": "ＮＯ", "authority": "いいえ"}, True, False),
        ({"need": True, "budget": [], "authority": {}}, True, False),
        ({"need": True, "budget": "not before May"}, True, True),
        ({"authority": True, "urgency": True}, True, False),
    ],
)
def test_sql_is_two_criteria_and_a_next_meeting(
    company: Any, after: After, details: dict[str, Any], meeting: bool, is_sql: bool
) -> None:
    lead = company.mql()
    company.activity("s", "L-1", "status", after(5), status="bant", details=details)
    if meeting:
        company.activity("m", "L-1", "meeting", after(9))
    assert company.qualify(after(10)).sql == int(is_sql)
    assert company.stages(lead).get("sql") == (after(9 if meeting else 5) if is_sql else None)


def test_criteria_may_come_one_by_one_also_as_statuses(company: Any, after: After) -> None:
    lead = company.mql()
    company.activity("m", "L-1", "meeting", after(1))
    company.activity("n", "L-1", "status", after(2), status="need")
    company.activity("n2", "L-1", "status", after(3), status="need")
    assert company.qualify(after(3)).sql == 0
    company.activity("b", "L-1", "call", after(4), details={"budget": True})
    assert company.qualify(after(4)).sql == 1
    evidence = company.evidence(lead, "sql")
    assert evidence["facts"].keys() == {"meeting", "contact", "criterion:need", "criterion:budget"}
    assert (evidence["activity_id"], evidence["rep_id"]) == ("b", "rep-1")


def test_a_planned_meeting_is_a_next_meeting_but_no_contact_yet(company: Any, after: After) -> None:
    lead = company.mql()
    company.activity("t", "L-1", "status", after(1), status="taken", details={"need": 1, "budget": 1})
    company.activity("m", "L-1", "meeting", after(60), recorded_at=after(2))
    found = company.qualify(after(3))
    assert (found.sql, found.sal) == (1, 0)
    assert company.qualify(after(30)).sal == 0
    assert company.qualify(after(60)).sal == 1
    assert company.stages(lead) == {"mql": after(0), "sql": after(2), "sal": after(60)}


def test_activities_that_come_before_the_crm_id_is_known_are_found(company: Any, after: After) -> None:
    lead = company.lead()
    company.points(lead, after(0), fit=30, behaviour=50)
    company.qualify(after(0))
    company.activity("t", "L-1", "status", after(1), status="taken")
    company.activity("c", "L-1", "call", after(2))
    company.activity("x", "L-of-somebody-else", "call", after(2))
    assert company.qualify(after(3)).sal == 0
    company.crm_id(lead, "L-1")
    assert company.qualify(after(4)).sal == 1
    left = company.connection.execute("select count(*) from lifecycle.inbox").fetchone()
    assert left == (0,)


Step = tuple[str, int, str | None, dict[str, Any]]
steps = st.lists(
    st.tuples(
        st.sampled_from(["call", "mail", "meeting", "status"]),
        st.integers(0, 30 * HOUR),
        st.sampled_from(["taken", "bant", "won", "lost"]),
        st.dictionaries(st.sampled_from(["need", "budget", "authority"]), st.booleans()),
    ),
    max_size=8,
)


def expected(done: list[Step]) -> dict[str, int]:
    """The stages worked out plainly from the whole story: minutes after the MQL by stage."""

    def first(*hits: bool | int | None) -> int | None:
        return min((h for h in hits if h is not None and h is not False), default=None)  # type: ignore[type-var]

    taken = first(*(at for kind, at, status, _ in done if kind == "status" and status == "taken"))
    contact = first(*(at for kind, at, _, _ in done if kind != "status"))
    meeting = first(*(at for kind, at, _, _ in done if kind == "meeting"))
    known = sorted(
        at
        for name in ("need", "budget", "authority")
        if (at := first(*(at for _, at, _, details in done if details.get(name)))) is not None
    )
    # A deal that is reopened and ends again was won or lost when it last turned so.
    ends = sorted(
        (at, number, status) for number, (kind, at, status, _) in enumerate(done) if kind == "status"
    )
    found: dict[str, int | None] = {}
    before = None
    for at, _, status in ends:
        if status in ("won", "lost"):
            found |= {status: at} if status != before else {}
            before = status
    if taken is not None and contact is not None and max(taken, contact) <= 24 * HOUR:
        found["sal"] = max(taken, contact)
    if len(known) >= 2 and meeting is not None:
        found["sql"] = max(known[1], meeting)
    return {stage: at for stage, at in found.items() if at is not None}


@settings(
    deadline=None,
    max_examples=promise_examples(12),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    company: Any, after: After, done: list[Step], random: Any
) -> None:
    company.connection.execute(
        "truncate identity.leads, scoring.ledger, scoring.scores, lifecycle.transitions, lifecycle.facts,"
        " lifecycle.links, lifecycle.unlinked, lifecycle.cursors, delivery.external_ids, crm.activities"
    )
    lead = company.mql()
    order = list(enumerate(done))
    random.shuffle(order)
    for number, (kind, at, status, details) in order:
        facts = {"status": status if kind == "status" else None, "details": details}
        company.activity(f"a{number}", "L-1", kind, after(at), recorded_at=after(31 * HOUR), **facts)
        if random.random() < 0.6:
            company.qualify(after(31 * HOUR))
    company.qualify(after(32 * HOUR))
    stages = {stage: (at - after(0)) / timedelta(minutes=1) for stage, at in company.stages(lead).items()}
    assert stages == expected(done) | {"mql": 0}
