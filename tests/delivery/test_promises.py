"""Nothing lost, nothing twice: random faults, two pushers at once, and kill -9 at any moment."""

import multiprocessing
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.delivery_fixture import DeliveryFixture, impatient
from tests.promises import promise_examples
from tests.waiting import outlive_sessions

FAULTS = [
    "500",
    "reset_before",
    "reset_after",
    "half_answer",
    "timeout_before",
    "timeout_after",
    "latency",
    "429",
]

fault = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(FAULTS),
        "path": st.sampled_from(["/api/bulk/*", "/api/leads*", "/api/lead/score", "*"]),
        "count": st.integers(1, 6),
        "seconds": st.sampled_from([0.02, 0.4]),
        "retry_after": st.just(0),
    }
)
step = st.one_of(
    st.tuples(st.just("lead"), st.none()),
    st.tuples(
        st.just("score"), st.tuples(st.integers(0, 5), st.integers(-9, 20).filter(bool), st.integers(0, 1))
    ),
    st.tuples(st.just("fault"), fault),
    st.tuples(st.just("push"), st.none()),
    st.tuples(st.just("push twice at once"), st.none()),
    st.tuples(st.just("kill"), st.floats(0, 0.12)),
)


def _start(desk: DeliveryFixture) -> Any:
    process = multiprocessing.get_context("fork").Process(
        target=desk.push, kwargs={"seconds": 1.5}, daemon=True
    )
    process.start()
    return process


def _kill_after(desk: DeliveryFixture, seconds: float) -> None:
    """Start a pusher and kill -9 it: at any point of claim, send and settle."""
    with outlive_sessions(desk.url):
        process = _start(desk)
        time.sleep(seconds)
        process.kill()
        process.join()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@settings(
    max_examples=promise_examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(step, min_size=3, max_size=14), batch_size=st.sampled_from([1, 2, 1000]))
def test_whatever_happens_every_delta_is_applied_once(
    desk: DeliveryFixture, steps: list[tuple[str, Any]], batch_size: int
) -> None:
    desk.heal()
    desk.timeout = 0.25
    desk.settings = impatient(batch_size=batch_size)
    leads = [desk.add_lead()]
    wanted = dict.fromkeys(leads, 0)
    for what, detail in steps:
        if what == "lead":
            leads.append(desk.add_lead())
            wanted[leads[-1]] = 0
        elif what == "score":
            lead = leads[detail[0] % len(leads)]
            desk.score(lead, detail[1], lane=detail[2])
            wanted[lead] += detail[1]
        elif what == "fault":
            desk.fault(**detail)
        elif what == "push":
            desk.push(seconds=1.5)
        elif what == "push twice at once":
            pushers = [_start(desk), _start(desk)]
            for pusher in pushers:
                pusher.join()
        else:
            _kill_after(desk, detail)

    desk.heal()
    while desk.push().calls:
        pass

    assert {lead: desk.ma_score(lead) for lead in leads} == wanted
    audit = desk.audit()
    assert (audit.differences, audit.under_way) == ([], 0)
    assert desk.value("select count(*) from delivery.dead_letters") == 0
