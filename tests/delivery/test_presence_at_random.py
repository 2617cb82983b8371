"""Whatever is deleted, merged and restored in the MA meanwhile: who lives there has the ledger's points."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.delivery.delivery_settings import Recreate
from tests.delivery.test_presence import reconcile, recreate_on, submit_form
from tests.delivery_fixture import DeliveryFixture, impatient
from tests.promises import promise_examples

LEADS = 4
TOKEN = {"Authorization": "Bearer sandbox-ma-token"}

lead = st.integers(0, LEADS - 1)
points = st.integers(-9, 20).filter(bool)
#: What happens in the MA and on the way there, where nobody brings a lead back.
moves = (
    st.tuples(st.just("points"), st.tuples(lead, points, st.sampled_from(["live", "form", "backfill"]))),
    st.tuples(st.just("delete"), lead),
    st.tuples(st.just("merge"), st.tuples(lead, lead, st.sampled_from(["sum", "keep"]), st.booleans())),
    st.tuples(st.just("fault"), st.sampled_from(["reset_before", "reset_after", "500", "half_answer"])),
    st.tuples(st.just("push"), st.none()),
)
step = st.one_of(*moves, st.tuples(st.just("restore"), lead), st.tuples(st.just("audit"), st.none()))


def try_by_hand(desk: DeliveryFixture, ma_id: int, what: str, **body: Any) -> None:
    """Do it in the MA if it is possible there: what is gone cannot be merged, what lives not be restored."""
    requests.post(f"{desk.ma_url}/_ma/leads/{ma_id}/{what}", json=body, timeout=60)


def read_ma(desk: DeliveryFixture, ma_id: str) -> int | None:
    """The score of exactly this lead in the MA; None if it is gone."""
    response = requests.get(f"{desk.ma_url}/api/leads/{ma_id}", headers=TOKEN, timeout=60)
    is_there = response.status_code == 200 and str(response.json()["id"]) == ma_id
    return int(response.json()["score"]) if is_there else None


def play(
    desk: DeliveryFixture, steps: list[tuple[str, Any]], manner: str, recreate: Recreate, batch_size: int
) -> dict[int, int]:
    """Take the steps with new leads; return the points of each in the ledger."""
    desk.heal()
    desk.set_ma(ma_absence=manner)
    desk.settings = impatient(batch_size=batch_size)
    recreate_on(desk, recreate, max_missing=1_000)
    leads = [desk.add_lead() for _ in range(LEADS)]
    ledger = {own: 100 * (number + 1) for number, own in enumerate(leads)}
    for own, first in ledger.items():
        desk.score(own, first)
    desk.push()
    for what, detail in steps:
        if what == "points":
            own = leads[detail[0]]
            if detail[2] == "form":
                submit_form(desk, own, detail[1])
            else:
                desk.score(own, detail[1], lane=int(detail[2] == "backfill"))
            ledger[own] += detail[1]
        elif what in ("delete", "restore"):
            try_by_hand(desk, desk.ma_id(leads[detail]), what)
        elif what == "merge":
            into = desk.ma_id(leads[detail[1]])
            facts = {"into": into, "score": detail[2], "keeps_email": detail[3]}
            try_by_hand(desk, desk.ma_id(leads[detail[0]]), "merge", **facts)
        elif what == "fault":
            # Where the MA does not say what was merged, a changed score stays unexplained.
            if manner != "bare":
                desk.fault(detail, path="/api/*", count=1)
        elif what == "push":
            desk.push(seconds=5)
        else:
            desk.heal()
            reconcile(desk)

    desk.heal()
    return ledger


def expect_scores(desk: DeliveryFixture, ledger: dict[int, int]) -> list[tuple[str, str, int]]:
    """Return the MA's id of each lead, its state, and the points of all leads with this id."""
    with desk.connect() as connection:
        rows = connection.execute(
            "select lead_id, external_id, state from delivery.external_ids where lead_id = any(%s)",
            [list(ledger)],
        ).fetchall()
    expected: dict[str, int] = defaultdict(int)
    for own, ma_id, _ in rows:
        expected[ma_id] += ledger[own]
    return [(ma_id, state, expected[ma_id]) for _, ma_id, state in rows]


def push_for_hours(desk: DeliveryFixture, *, audits: bool) -> None:
    """Push again and again while hours pass, with an audit after each or without."""
    passed = timedelta()
    desk.clock = lambda: datetime.now(UTC) + passed
    for _ in range(4):
        passed += timedelta(hours=2)
        desk.push()
        if audits:
            reconcile(desk)
    desk.push()


@settings(
    max_examples=promise_examples(4),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(step, min_size=4, max_size=16),
    manner=st.sampled_from(["words", "redirect", "bare"]),
    recreate=st.sampled_from(list(Recreate)),
    batch_size=st.sampled_from([1, 1000]),
)
def test_in_the_end_who_lives_in_the_ma_has_the_points_of_the_ledger(
    desk: DeliveryFixture, steps: list[tuple[str, Any]], manner: str, recreate: Recreate, batch_size: int
) -> None:
    ledger = play(desk, steps, manner, recreate, batch_size)
    push_for_hours(desk, audits=True)
    for ma_id, state, points in expect_scores(desk, ledger):
        assert state in ("present", "gone")
        assert read_ma(desk, ma_id) == (points if state == "present" else None)
    audit = desk.audit()
    assert (audit.differences, audit.under_way) == ([], 0)
    assert audit.gone == desk.value("select count(*) from delivery.external_ids where state = 'gone'")
    assert desk.value("select count(*) from delivery.dead_letters where state = 'open'") == 0


@settings(
    max_examples=promise_examples(4),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(st.one_of(*moves), min_size=4, max_size=16),
    batch_size=st.sampled_from([1, 1000]),
)
def test_without_an_audit_points_are_right_once_the_ma_was_asked(
    desk: DeliveryFixture, steps: list[tuple[str, Any]], batch_size: int
) -> None:
    ledger = play(desk, steps, "words", Recreate.ANY, batch_size)
    for own in ledger:
        desk.score(own, 1)
        ledger[own] += 1
    push_for_hours(desk, audits=False)
    for ma_id, state, points in expect_scores(desk, ledger):
        assert (state, read_ma(desk, ma_id)) == ("present", points)
    assert desk.value("select count(*) from delivery.score_corrections where audit_id > 0") == 0
    assert desk.value("select count(*) from delivery.dead_letters where state = 'open'") == 0
