"""Enrolments through the outbox to the MA of our own contract: once each, whatever happens to the calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadops.delivery.backlog_checks import list_outbox_backlogs
from leadops.delivery.dead_letters import list_dead_letters, retry_dead_letters
from leadops.delivery.outbox import enqueue_effect
from leadops.products.enrolment import ProgrammeStep
from leadops.products.product_client import ProductClient
from leadops_sandbox.serve import serve_in_thread
from tests.delivery_fixture import SteppedDelivery
from tests.scripted_server import serve_script

STEP = {
    "programme": "pricing_page",
    "step": "comparison",
    "message_key": "pricing.comparison.v1",
    "language": "ja",
    "subject": "他社との違い",
    "preview": "三つの点で比べます",
    "depth": None,
    "cycle": 1,
}


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[SteppedDelivery]:
    with serve_in_thread(tmp_path / "ma", sales_work=False) as url:
        yield SteppedDelivery(database_url, url)


def enrol(desk: SteppedDelivery, lead: int, **values: Any) -> None:
    values = STEP | values
    with desk.connect() as connection:
        enqueue_effect(
            connection,
            target="ma",
            operation="enrol_lead",
            payload=values,
            idempotency_key=f"nurture:{lead}:{values['step']}:{values['cycle']}",
            lead_id=lead,
            now=desk.clock(),
        )


def enrolments(desk: SteppedDelivery) -> list[dict[str, Any]]:
    return list(requests.get(f"{desk.ma_url}/_state/ma/enrolments", timeout=60).json()["items"])


def states(desk: SteppedDelivery) -> list[str]:
    with desk.connect() as connection:
        found = connection.execute(
            "select state from delivery.outbox where operation = 'enrol_lead' order by outbox_id"
        )
        return [row[0] for row in found]


def test_an_enrolment_waits_for_the_lead_and_carries_the_message(desk: SteppedDelivery) -> None:
    lead = desk.add_lead()
    enrol(desk, lead)
    desk.push()
    (found,) = enrolments(desk)
    assert {name: found[name] for name in found if name not in ("number", "enrolled_at", "enrolmentId")} == {
        "leadId": desk.ma_id(lead), "program": "pricing_page", "step": "comparison", "cycle": 1,
        "messageKey": "pricing.comparison.v1", "language": "ja", "subject": "他社との違い",
        "preview": "三つの点で比べます", "depth": None,
    }  # fmt: skip
    assert states(desk) == ["done"]


@pytest.mark.parametrize("kind", ["reset_after", "half_answer", "reset_before", "500", "429"])
def test_whatever_happens_to_a_call_the_lead_is_enrolled_once(desk: SteppedDelivery, kind: str) -> None:
    """Also after a memory for keys that is shorter than the time until the repetition."""
    lead = desk.add_lead()
    desk.push()
    desk.set_ma(ma_remember_seconds=0)
    desk.fault(kind, path="/api/programs/*", count=2)
    enrol(desk, lead)
    for _ in range(3):
        desk.push()
        desk.now += timedelta(minutes=1)
    assert [(found["step"], found["cycle"]) for found in enrolments(desk)] == [("comparison", 1)]
    assert states(desk) == ["done"]


def test_the_next_cycle_and_the_next_step_are_enrolments_of_their_own(desk: SteppedDelivery) -> None:
    lead = desk.add_lead()
    for step, cycle in (("comparison", 1), ("roi", 1), ("comparison", 2)):
        enrol(desk, lead, step=step, cycle=cycle)
    desk.push()
    found = [(found["step"], found["cycle"]) for found in enrolments(desk)]
    assert found == [("comparison", 1), ("roi", 1), ("comparison", 2)]


def test_a_program_that_the_ma_does_not_have_is_said_and_a_retry_replaces_nothing(
    desk: SteppedDelivery,
) -> None:
    """The retried step is not dropped for the newer one: each has an effect of its own."""
    desk.set_ma(ma_programs={"pricing_page": ["roi"], "webinar": []})
    lead = desk.add_lead()
    enrol(desk, lead, programme="other", step="first")
    enrol(desk, lead)
    enrol(desk, lead, step="roi")
    desk.push()
    with desk.connect() as connection:
        letters = list_dead_letters(connection)
        assert [letter.reason for letter in letters] == [
            "the MA has no program of this name: make it there, or rename it in nurture.yaml",
            "the MA's program has no step of this name: add it there, or rename it in nurture.yaml",
        ]
        assert [found["step"] for found in enrolments(desk)] == ["roi"]
        desk.set_ma(ma_programs={"pricing_page": ["roi", "comparison"]})
        assert retry_dead_letters(connection, letters[1:], now=desk.now) == 1
    desk.push()
    assert [found["step"] for found in enrolments(desk)] == ["roi", "comparison"]


def test_a_message_that_keeps_its_distance_is_not_late(desk: SteppedDelivery) -> None:
    """Its lead got one in the last day; another lead's message that waits counts."""
    first, other = desk.add_lead(), desk.add_lead()
    enrol(desk, first)
    desk.push()
    enrol(desk, first, step="roi")
    with desk.connect() as connection:
        assert list_outbox_backlogs(connection) == []
    enrol(desk, other)
    with desk.connect() as connection:
        (backlog,) = list_outbox_backlogs(connection)
    assert (backlog.target, backlog.effects) == ("ma", 1)


def test_the_check_says_which_steps_the_ma_has(desk: SteppedDelivery) -> None:
    places = [ProgrammeStep("a", "one"), ProgrammeStep("a", "two"), ProgrammeStep("b", "one")]
    desk.set_ma(ma_programs={"a": ["one"]})
    client = ProductClient(desk.endpoint)
    try:
        lines = [str(line.state) for line in client.product.check_enrolments(places, client.send)]
        assert lines == ["ok", "change", "change"]
        desk.fault("500", path="/api/programs/*", count=1)
        (line,) = client.product.check_enrolments(places[:1], client.send)
        assert (str(line.state), line.text) == ("change", "cannot be read (HTTP 500)")
    finally:
        client.close()
    assert client.product.find_enrolment_gap(places[0]) is None


def test_an_enrolment_of_a_lead_that_the_ma_does_not_know_is_not_late(desk: SteppedDelivery) -> None:
    """That the lead is not there is late, and is told where it is."""
    enrol(desk, 4711)
    with desk.connect() as connection:
        assert list_outbox_backlogs(connection) == []
    lead = desk.add_lead()
    enrol(desk, lead)
    with desk.connect() as connection:
        (backlog,) = list_outbox_backlogs(connection)
    assert backlog.effects == 1, "the lead itself"


@contextmanager
def forbidding(desk: SteppedDelivery) -> Iterator[dict[str, int]]:
    """Put a proxy before the MA that answers so many enrolments with 403 as `left` says."""
    rule, real = {"left": 0}, desk.ma_url

    def respond(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if "/api/programs/" in path and rule["left"]:
            rule["left"] -= 1
            return 403, b"{}"
        headers = {"Authorization": f"Bearer {desk.token}", "Content-Type": "application/json"}
        answer = requests.request(method, real + path, data=body or None, headers=headers, timeout=60)
        return answer.status_code, answer.content

    with serve_script() as script:
        script.respond, desk.ma_url = respond, script.url
        yield rule
        desk.ma_url = real


def test_a_403_to_an_enrolment_stops_enrolments_alone_until_the_right_is_there(desk: SteppedDelivery) -> None:
    with forbidding(desk) as rule:
        leads = [desk.add_lead() for _ in range(3)]
        desk.push()
        rule["left"] = 9
        for lead in leads:
            enrol(desk, lead)
            desk.score(lead, 5)
        report = desk.push(seconds=2)
        assert (report.failed, report.is_paused, rule["left"]) == (1, False, 8), "one try"
        assert desk.value("select array_agg(distinct state) from delivery.batches") == ["done"], "all scores"
        assert states(desk) == ["pending"] * 3
        with desk.connect() as connection:
            assert list_outbox_backlogs(connection) == []
            assert list_dead_letters(connection) == []
        rule["left"] = 0
        desk.push(seconds=2)
        assert states(desk) == ["pending"] * 3, "a minute has not passed"
        desk.now += timedelta(minutes=1)
        desk.push()
        assert states(desk) == ["done"] * 3
        assert desk.value("select count(*) from delivery.refused_operations") == 0


def test_an_enrolment_that_may_have_arrived_is_not_made_new_by_a_403(desk: SteppedDelivery) -> None:
    nonce = "select nonce from delivery.outbox where operation = 'enrol_lead'"
    desk.fault("reset_after", path="/api/programs/*", count=1)
    with forbidding(desk) as rule:
        lead = desk.add_lead()
        desk.push()
        enrol(desk, lead)
        desk.push(seconds=0.1)
        key = desk.value(nonce)
        rule["left"] = 1
        for _ in range(3):
            desk.now += timedelta(minutes=5)
            desk.push(seconds=1)
        assert (states(desk), desk.value(nonce)) == (["done"], key)
    assert len(enrolments(desk)) == 1
