"""The promises of delivery at the stand-in of HubSpot: totals arrive once and right, whatever happens."""

import json
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadops.alerts.checks import CHECKS
from leadops.delivery.build_totals import LATE_CALLS
from leadops.delivery.outbox import enqueue_effect
from leadops.incidents.run_checks import run_checks
from leadops.settings import Endpoint
from leadops.sla.sla_policy import SlaCalendar
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.alerts.checking import incidents
from tests.delivery_fixture import DeliveryFixture, impatient
from tests.promises import promise_examples
from tests.shipped import SHIPPED

from . import conftest
from .conftest import CALLS, SETTINGS, Portal

HOUR = timedelta(hours=1)


@dataclass
class HubSpotDelivery(DeliveryFixture):
    """A delivery to the stand-in, whose clock is ahead of the machine's by what a test adds."""

    ahead: timedelta = timedelta()
    token: str = field(default_factory=lambda: Tokens().ma)

    def __post_init__(self) -> None:
        self.clock = lambda: datetime.now(UTC) + self.ahead

    @property
    def portal(self) -> Portal:
        return Portal(self.ma_url)

    @property
    def endpoint(self) -> Endpoint:
        return self.portal.endpoint.model_copy(update={"timeout": 5.0})

    def contact(self, lead: int) -> str | None:
        query = "select external_id from delivery.external_ids where target = 'ma' and lead_id = %s"
        return self.value(query, lead)  # type: ignore[no-any-return]

    def score_of(self, lead: int) -> str | None:
        contact = self.contact(lead)
        assert contact is not None
        value: str | None = self.portal.read(contact, "leadops_score")["leadops_score"]
        return value

    def letters(self) -> list[tuple[str, str]]:
        with self.connect() as connection:
            return connection.execute(
                "select state, reason from delivery.dead_letters order by 1, 2"
            ).fetchall()

    def undelivered(self) -> int:
        return int(self.value("select count(*) from delivery.undelivered_deltas where why <> 'dropped'"))

    def batches(self) -> list[dict[str, Any]]:
        """The bodies of all calls with totals, as they were stored."""
        with self.connect() as connection:
            rows = connection.execute(
                "select body from delivery.batches where body <> '' order by batch_id"
            ).fetchall()
        return [json.loads(body) for (body,) in rows]

    def settle(self) -> None:
        """Let all that waits have its time: pauses end, and what was unknown goes out once more."""
        self.portal.heal()
        for _ in range(4):
            self.ahead += LATE_CALLS + HOUR
            for _ in range(10):
                if not self.push().calls:
                    break
            self.audit()


@pytest.fixture
def quick_portal(tmp_path: Path) -> Iterator[Portal]:
    with serve_in_thread(tmp_path / "hubspot", product="hubspot", sales_work=False) as url:
        running = Portal(url)
        running.set(burst_limit=1_000_000, day_limit=100_000_000)
        yield running


@pytest.fixture
def till(database_url: str, quick_portal: Portal) -> HubSpotDelivery:
    return HubSpotDelivery(database_url, quick_portal.url, settings=impatient(batch_size=1000, connections=1))


def add(till: HubSpotDelivery, *points: int) -> int:
    lead = till.add_lead()
    for one in points:
        till.score(lead, one)
    return lead


def test_a_hundred_and_one_leads_are_two_calls_of_one_row_each(till: HubSpotDelivery) -> None:
    leads = [add(till) for _ in range(101)]
    till.push(seconds=60)
    for number, lead in enumerate(leads, 1):
        till.score(lead, 1)
        till.score(lead, number)
    till.push(seconds=60)
    rows = [len(body["inputs"]) for body in till.batches()]
    assert sorted(rows) == [1, 100]
    listed: dict[str, str] = {}
    after = ""
    while True:
        page = till.portal.call(
            "GET", f"{CALLS.find_path('contacts')}?limit=100&properties=leadops_score{after}"
        )
        listed |= {one["id"]: one["properties"]["leadops_score"] for one in page["results"]}
        if "paging" not in page:
            break
        after = f"&after={page['paging']['next']['after']}"
    wanted = {str(till.contact(lead)): str(1 + number) for number, lead in enumerate(leads, 1)}
    assert listed == wanted
    assert (till.audit().differences, till.undelivered(), till.letters()) == ([], 0, [])


def test_a_batch_that_hubspot_silently_ignores_is_not_done(till: HubSpotDelivery) -> None:
    """HubSpot answers 200 COMPLETE with results []: nothing is lost, nobody is done."""
    first, second = add(till), add(till)
    till.push()
    till.score(first, 5)
    till.score(second, 7)
    till.portal.fault("silent", path="*/batch/update")
    till.push(seconds=1)
    assert (till.undelivered(), till.letters()) == (2, [])
    assert till.value("select error from delivery.batches where state = 'ready'").startswith(
        "2 of 2 totals have to be sent again: HubSpot says that the batch is complete"
    )
    assert (till.presence(first), till.presence(second)) == ("present", "present")
    assert find_incidents(till) == []
    till.ahead += timedelta(minutes=6)
    till.push(seconds=1)
    assert find_incidents(till) == ["ma_backlog"], "the call is malformed: that is ours to mend"
    till.settle()
    assert (till.score_of(first), till.score_of(second), till.undelivered()) == ("5", "7", 0)


def find_incidents(till: HubSpotDelivery) -> list[str]:
    """Check, and return which incidents of the MA are open."""
    with till.connect() as connection:
        calendar = SlaCalendar(SHIPPED.sla)
        run_checks(connection, CHECKS, settings=SHIPPED.alerts, calendar=calendar, now=till.clock())
        return [one.kind for one in incidents(connection) if one.kind == "ma_backlog"]


def test_a_call_of_merged_contacts_alone_is_followed_without_an_audit(till: HubSpotDelivery) -> None:
    """HubSpot answers it with results [], as a malformed call: after a repeat one of them is read."""
    first, second, third = add(till, 1), add(till, 2), add(till, 4)
    survivor = add(till, 64)
    till.push()
    winner = till.contact(survivor)
    losers = [till.contact(lead) for lead in (first, second, third)]
    for loser in losers:
        till.portal.admin("POST", f"/_ma/leads/{loser}/merge", {"into": int(str(winner))})
    till.score(first, 8)
    till.score(second, 16)
    till.push()
    assert losers[:2] in [[entry["id"] for entry in body["inputs"]] for body in till.batches()]
    assert (till.contact(first), till.contact(second)) == (winner, winner)
    # The third had no new points, so nobody has noticed yet that it was merged, too.
    assert till.score_of(survivor) == str(1 + 2 + 64 + 8 + 16)
    assert (till.undelivered(), till.letters()) == (0, [])


def test_one_row_that_fails_alone_dies_alone(till: HubSpotDelivery) -> None:
    first, second = add(till), add(till)
    till.push()
    till.score(first, 5)
    till.score(second, 7)
    till.portal.fault("rejected_rows", rows=[till.contact(first)])
    till.push(seconds=2)
    assert [state for state, _ in till.letters()] == ["open"]
    assert "validation rule" in till.letters()[0][1]
    assert till.score_of(second) == "7"
    till.portal.heal()
    till.score(first, 1)
    till.settle()
    assert till.score_of(first) == "6"
    assert [state for state, _ in till.letters()] == ["applied"]


def test_a_row_in_conflict_goes_again_alone(till: HubSpotDelivery) -> None:
    first, second = add(till), add(till)
    till.push()
    till.score(first, 5)
    till.score(second, 7)
    till.portal.fault("row_conflict", rows=[till.contact(first)], count=1)
    till.push(seconds=3)
    assert (till.score_of(first), till.score_of(second), till.letters()) == ("5", "7", [])


@pytest.mark.parametrize("manner", ["left_out", "survivor"])
def test_a_merged_contact_is_followed_and_gets_the_sum(till: HubSpotDelivery, manner: str) -> None:
    """Two leads of ours are one contact then: they are one row of a call, never two with one id."""
    till.portal.set(merged_update=manner)
    first, second, third = add(till, 1), add(till, 2), add(till, 64)
    till.push()
    loser, winner = till.contact(first), till.contact(second)
    till.portal.admin("POST", f"/_ma/leads/{loser}/merge", {"into": int(str(winner))})
    till.score(first, 4)
    till.score(second, 8)
    till.score(third, 128)
    till.push(seconds=3)
    till.settle()
    assert till.contact(first) == winner
    assert (till.score_of(first), till.score_of(third)) == ("15", "192")
    till.score(first, 16)
    till.score(second, 32)
    till.push(seconds=3)
    assert till.score_of(second) == "63"
    for body in till.batches():
        ids = [entry["id"] for entry in body["inputs"]]
        assert len(ids) == len(set(ids))
    assert (till.audit().differences, till.undelivered(), till.letters()) == ([], 0, [])


def test_a_deleted_contact_is_gone_and_its_points_wait(till: HubSpotDelivery) -> None:
    lead = add(till, 5)
    till.push()
    till.portal.admin("POST", f"/_ma/leads/{till.contact(lead)}/delete", {})
    till.score(lead, 3)
    till.push(seconds=2)
    assert (till.presence(lead), till.letters()) == ("gone", [])


def test_a_used_up_day_is_not_asked_again_before_it_ends(till: HubSpotDelivery) -> None:
    zone = till.settings.targets["ma"].model_copy(update={"day_ends": "Asia/Tokyo"})
    till.settings = till.settings.model_copy(update={"targets": {"ma": zone}})
    lead = add(till)
    till.push()
    till.score(lead, 5)
    till.portal.fault("daily")
    # Not in the first hour after midnight in Tokyo, when a word about the day may be about the day before.
    at_noon = (datetime.now(UTC) + timedelta(hours=9)).replace(hour=12, minute=0)
    till.ahead = at_noon - (datetime.now(UTC) + timedelta(hours=9))
    till.push(seconds=2)
    before = till.value("select sum(calls) from delivery.call_counts where target = 'ma'")
    for _ in range(5):
        till.ahead += HOUR
        till.push(seconds=1)
    assert till.value("select sum(calls) from delivery.call_counts where target = 'ma'") == before
    till.portal.heal()
    till.ahead += timedelta(hours=13)
    till.push(seconds=2)
    assert (till.score_of(lead), till.letters()) == ("5", [])


@pytest.mark.parametrize("kind", ["locked", "migration", "429", "secondly", "unauthorized", "502", "521"])
def test_no_answer_of_a_moment_makes_a_dead_letter(till: HubSpotDelivery, kind: str) -> None:
    lead = add(till)
    till.push()
    till.score(lead, 5)
    till.portal.fault(kind, count=2, retry_after=1)
    till.push(seconds=1)
    assert till.letters() == []
    till.settle()
    assert (till.score_of(lead), till.letters(), till.undelivered()) == ("5", [], 0)


def test_a_property_that_somebody_removed_stops_the_target_and_kills_nothing(till: HubSpotDelivery) -> None:
    lead = add(till)
    till.push()
    till.portal.set(fields={"leadops_score": {"type": "number", "read_only": True}})
    till.score(lead, 5)
    assert "leadops_score is read only" in till.push(seconds=2).problem
    assert (till.letters(), till.undelivered()) == ([], 1)
    till.portal.set(fields={"leadops_score": {"type": "number"}})
    till.settle()
    assert (till.score_of(lead), till.undelivered()) == ("5", 0)


def test_a_name_that_is_corrected_in_products_yaml_reaches_what_waits(
    till: HubSpotDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call that was refused had the wrong name in it: it is made again, with the right one."""
    wrong = SETTINGS.model_copy(update={"api_version": "2024-09"})
    lead = add(till)
    with monkeypatch.context() as patch:
        patch.setattr(conftest, "SETTINGS", wrong)
        assert "correct api_version" in till.push(seconds=2).problem
    assert (till.letters(), till.contact(lead)) == ([], None)
    till.settle()
    assert till.contact(lead) is not None
    assert till.letters() == []


def test_a_version_that_hubspot_serves_no_longer_stops_the_target_and_kills_nothing(
    till: HubSpotDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = add(till)
    till.push()
    till.score(lead, 5)
    old = SETTINGS.model_copy(update={"api_version": "2024-09"})
    with monkeypatch.context() as patch:
        patch.setattr(conftest, "SETTINGS", old)
        assert "correct api_version of hubspot in products.yaml" in till.push(seconds=2).problem
    assert (till.letters(), till.undelivered()) == ([], 1)
    till.settle()
    assert (till.score_of(lead), till.undelivered()) == ("5", 0)


def test_a_form_and_an_identify_of_one_address_are_one_contact(till: HubSpotDelivery) -> None:
    """Two requests for a lead, whose answers are lost, and a contact that had the address before."""
    mail = "aoi@acme.example"
    created = till.portal.call(
        "POST", CALLS.find_path("contacts"), {"properties": {"email": mail, "firstname": "A"}}
    )
    till.portal.fault("timeout_after", path="*/batch/upsert", count=2, seconds=0.05)
    lead = till.add_lead(email=mail)
    with till.connect() as connection:
        enqueue_effect(
            connection,
            target="ma",
            operation="upsert_lead",
            payload={"email": mail, "firstName": "Aoi", "externalId": str(lead)},
            idempotency_key="a form",
            lead_id=lead,
            now=till.clock(),
        )
    till.score(lead, 5)
    till.push(seconds=2)
    till.settle()
    assert till.contact(lead) == created["id"]
    found = till.portal.read(created["id"], "leadops_id", "leadops_score", "firstname")
    assert (found["leadops_id"], found["leadops_score"]) == (str(lead), "5")
    contacts = till.portal.call("GET", CALLS.find_path("contacts"))["results"]
    assert [contact["id"] for contact in contacts] == [created["id"]]


def test_an_erasure_forgets_the_contact_and_fields_without_a_property_are_left_out(
    till: HubSpotDelivery,
) -> None:
    lead, other = add(till, 5), add(till)
    till.push()
    with till.connect() as connection:
        for operation, one, payload in (
            ("erase_lead", lead, {}),
            ("set_fields", other, {"fields": {"ml_score": 0.25}}),
        ):
            enqueue_effect(
                connection,
                target="ma",
                operation=operation,
                payload=payload,
                idempotency_key=operation,
                lead_id=one,
                now=till.clock(),
            )
    till.push()
    contacts = till.portal.call("GET", CALLS.find_path("contacts"))["results"]
    assert [contact["id"] for contact in contacts] == [till.contact(other)]
    assert till.letters() == []
    state = "select state from delivery.outbox where operation = %s"
    assert till.value(state, "set_fields") == "done"
    assert till.value(state, "erase_lead") == "done"


#: Whole calls that go wrong, and rows.
CALL_FAULTS = [
    "timeout_before",
    "timeout_after",
    "reset_after",
    "half_answer",
    "500",
    "429",
    "locked",
    "silent",
    "502",
]
step = st.one_of(
    st.tuples(
        st.just("score"), st.tuples(st.integers(0, 5), st.integers(-9, 20).filter(bool), st.integers(0, 1))
    ),
    st.tuples(st.just("fault"), st.tuples(st.sampled_from(CALL_FAULTS), st.integers(1, 3))),
    st.tuples(
        st.just("fault"), st.tuples(st.sampled_from(["row_conflict", "unauthorized"]), st.integers(1, 2))
    ),
    st.tuples(st.just("merge"), st.tuples(st.integers(0, 5), st.integers(0, 5))),
    st.tuples(st.just("push"), st.none()),
    st.tuples(st.just("push twice at once"), st.none()),
    st.tuples(st.just("kill"), st.floats(0, 0.15)),
    st.tuples(st.just("wait"), st.none()),
)
#: Every fault once, with changes of the same leads before and after.
EVERYTHING: list[tuple[str, Any]] = [("score", (lead, 1, 0)) for lead in range(6)] + [("push", None)]
for place, kind in enumerate([*CALL_FAULTS, "row_conflict", "unauthorized"]):
    EVERYTHING += [
        ("score", (place % 6, 3, 0)),
        ("fault", (kind, 1)),
        ("push twice at once" if place % 2 else "push", None),
        ("score", ((place + 3) % 6, 5, 1)),
        ("kill" if place % 3 else "wait", 0.05 if place % 3 else None),
    ]
EVERYTHING += [("merge", (0, 1)), ("score", (0, 7, 0)), ("push", None), ("merge", (1, 2))]


def start(till: HubSpotDelivery) -> Any:
    process = multiprocessing.get_context("fork").Process(
        target=till.push, kwargs={"seconds": 1.5}, daemon=True
    )
    process.start()
    return process


def play(till: HubSpotDelivery, what: str, detail: Any, leads: list[int]) -> None:
    if what == "fault":
        kind, count = detail
        share = {"share": 0.5} if kind == "row_conflict" else {}
        till.portal.fault(
            kind, count=count, path="*/contacts*", retry_after=1, seconds=0.05, seed=count, **share
        )
    elif what == "merge":
        loser, winner = (till.contact(leads[one % len(leads)]) for one in detail)
        if loser is not None and winner is not None and loser != winner:
            # Where one of them was merged before, HubSpot refuses it.
            with suppress(requests.HTTPError):
                till.portal.admin("POST", f"/_ma/leads/{loser}/merge", {"into": int(winner)})
    elif what == "push":
        till.push(seconds=1.5)
    elif what == "push twice at once":
        for pusher in [start(till), start(till)]:
            pusher.join()
    elif what == "kill":
        process = start(till)
        time.sleep(detail)
        process.kill()
        process.join()
    else:
        till.ahead += timedelta(minutes=2)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@settings(
    max_examples=promise_examples(1),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(step, min_size=3, max_size=12))
@example(steps=EVERYTHING)
def test_whatever_happens_every_contact_has_the_sum_of_its_ledger(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]
) -> None:
    with serve_in_thread(tmp_path_factory.mktemp("hubspot"), product="hubspot", sales_work=False) as url:
        till = HubSpotDelivery(database_url, url, settings=impatient(batch_size=1000, connections=4))
        till.portal.set(burst_limit=1_000_000, day_limit=100_000_000)
        with till.connect() as connection:  # what an earlier example left
            connection.execute(
                "truncate scoring.ledger, scoring.scores, delivery.batches, delivery.held_deltas,"
                " delivery.dead_letters, delivery.outbox, delivery.external_ids, delivery.targets,"
                " delivery.cursors, delivery.totals, delivery.score_corrections, delivery.quotas"
            )
        leads = [till.add_lead()]
        wanted = dict.fromkeys(leads, 0)
        for what, detail in steps:
            if what == "score":
                number, points, lane = detail
                while len(leads) <= number:
                    leads.append(till.add_lead())
                    wanted[leads[-1]] = 0
                till.score(leads[number], points, lane=lane)
                wanted[leads[number]] += points
            else:
                play(till, what, detail, leads)
        till.settle()
        sums: dict[str, int] = defaultdict(int)
        for lead, points in wanted.items():
            sums[str(till.contact(lead))] += points
        listed = till.portal.call("GET", f"{CALLS.find_path('contacts')}?limit=100&properties=leadops_score")
        scores = {one["id"]: int(one["properties"]["leadops_score"] or 0) for one in listed["results"]}
        # A lead without points that was merged is nobody's business.
        assert scores == {who: points for who, points in sums.items() if points or who in scores}
        audit = till.audit()
        assert (audit.differences, audit.under_way, audit.unmatched) == ([], 0, 0)
        assert [letter for letter in till.letters() if letter[0] == "open"] == []
        assert till.undelivered() == 0
