"""Whatever order, fault, death or haste: every accepted event is scored once, and three numbers agree."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from leadops.scoring.scoring_rules import RuleSet
from tests.delivery.test_promises import fault
from tests.delivery_fixture import impatient
from tests.integration.ma_process import MaProcess
from tests.integration.pipeline import Pipeline, days_since
from tests.promises import promise_examples
from tests.scoring.conftest import at
from tests.scoring.oracle import Happening, find_owners, identifiers
from tests.scoring.test_promises import expect, happenings, rule_sets
from tests.waiting import outlive_sessions

SERIAL = count(1)

#: How many events (of those that are still to come) a step takes, and how small the chunks of its run are.
some = st.integers(1, 4)
chunk = st.integers(1, 5)
refusal = st.fixed_dictionaries(
    {
        "kind": st.just("rejected_rows"),
        "path": st.sampled_from(["/api/bulk/*", "/api/lead/score"]),
        "count": st.integers(1, 2),
        "share": st.sampled_from([0.5, 1.0]),
    }
)
step = st.one_of(
    st.tuples(st.just("send"), some),
    st.tuples(st.just("send thrice at once"), some),
    st.tuples(st.just("send again"), some),
    st.tuples(st.just("hold"), some),
    st.tuples(st.just("release"), st.tuples(st.integers(0, 3), st.booleans())),
    st.tuples(st.just("resolve"), chunk),
    st.tuples(st.just("score"), chunk),
    st.tuples(st.just("push"), st.none()),
    st.tuples(st.just("fault"), fault),
    st.tuples(st.just("run with refused rows"), refusal),
    st.tuples(st.just("run twice at once"), chunk),
    st.tuples(st.just("kill the run"), st.tuples(chunk, st.floats(0, 0.15))),
    st.tuples(st.just("kill the MA"), st.floats(0, 0.1)),
    st.tuples(st.just("backfill over a run"), chunk),
    st.tuples(st.just("rules"), st.integers(0, 1)),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Happening]:
    """Up to 28 events of three people, shuffled, whose addresses no earlier example gave to the MA."""
    made = draw(happenings()) + draw(happenings())
    domain = f"x{next(SERIAL)}-{time.time_ns()}.example"
    shift = days_since(at(0)) - timedelta(days=2)  # the day before yesterday: nothing is from the future
    named = [
        replace(
            each,
            event_id=f"e{number}",
            ts=each.ts + shift,
            email=each.email and each.email.replace("x.example", domain),
        )
        for number, each in enumerate(made)
        if identifiers(each)
    ]
    return draw(st.permutations(named))


class Schedule:
    """One example: the events still to come, and the rules that may be in force."""

    def __init__(
        self, pipeline: Pipeline, ma: MaProcess, coming: list[Happening], rules: list[RuleSet]
    ) -> None:
        self.pipeline, self.ma, self.coming, self.rules = pipeline, ma, list(coming), rules
        self.known = {each.event_id: each for each in coming}

    def take(self, most: int) -> list[Happening]:
        taken, self.coming = self.coming[:most], self.coming[most:]
        return taken

    def send(self, most: int) -> None:
        if batch := self.take(most):
            assert self.pipeline.post(batch).status_code == 202

    def send_again(self, most: int) -> None:
        """Send known events once more, with other words: what was accepted first stays."""
        if earlier := self.pipeline.taken[-most:]:
            batch = [replace(self.known[event_id], event="open", properties={}) for event_id in earlier]
            assert self.pipeline.post(batch).status_code == 202

    def do(self, what: str, detail: Any) -> None:
        pipeline = self.pipeline
        match what:
            case "send":
                self.send(detail)
            case "send thrice at once":
                if batch := self.take(detail):
                    pipeline.post_at_once(batch)
            case "send again":
                self.send_again(detail)
            case "hold":
                pipeline.hold(self.take(detail))
            case "release":
                lost = pipeline.release(detail[0], keep=detail[1])
                self.coming += [self.known[event_id] for event_id in lost]
            case "resolve":
                pipeline.resolve(limit=detail)
            case "score":
                pipeline.score(limit=detail)
            case "push":
                pipeline.desk.push(seconds=1.5)
            case "fault":
                pipeline.desk.fault(**detail)
            case "run with refused rows":
                pipeline.desk.fault(**detail)
                self.send(3)
                pipeline.run_minute()
            case "run twice at once":
                with ThreadPoolExecutor(2) as pool:
                    runs = [pool.submit(pipeline.run_minute, limit=limit) for limit in (detail, 3)]
                    self.send(2)
                    for run in runs:
                        run.result()
            case "kill the run":
                with outlive_sessions(pipeline.desk.url):
                    run = pipeline.start(limit=detail[0])
                    time.sleep(detail[1])  # the moment of death is the test
                    run.kill()
                    run.join()
                assert run.exitcode in (0, -signal.SIGKILL)
            case "kill the MA":
                with ThreadPoolExecutor(1) as pool:
                    run = pool.submit(pipeline.run_minute)
                    time.sleep(detail)
                    self.ma.kill()
                    self.ma.start()
                    run.result()
            case "backfill over a run":
                with ThreadPoolExecutor(1) as pool:
                    run = pool.submit(pipeline.run_minute, limit=detail)
                    pipeline.backfill()
                    run.result()
            case "rules":
                pipeline.rules = self.rules[detail]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@settings(
    max_examples=promise_examples(6),
    deadline=None,
    # No shrinking: what hangs on the moment of a death does not happen again the same way.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    made=histories(),
    steps=st.lists(step, min_size=6, max_size=24),
    rules=st.lists(rule_sets(), min_size=2, max_size=2),
    batch_size=st.sampled_from([1, 2, 1000]),
)
def test_whatever_happens_every_event_counts_once(
    pipeline: Pipeline,
    ma: MaProcess,
    made: list[Happening],
    steps: list[tuple[str, Any]],
    rules: list[RuleSet],
    batch_size: int,
) -> None:
    desk = pipeline.desk
    desk.heal()
    pipeline.clear()
    pipeline.rules = rules[0]
    desk.timeout, desk.settings = 0.25, impatient(batch_size=batch_size)
    schedule = Schedule(pipeline, ma, made, rules)
    for what, detail in steps:
        schedule.do(what, detail)
    schedule.send(len(made))
    desk.timeout = 5.0
    pipeline.finish()

    check_events(pipeline, made)
    check_points(pipeline, made)
    check_repeats(pipeline, made)


def check_events(pipeline: Pipeline, made: list[Happening]) -> None:
    """Each event that was taken is stored once, and is somebody's or nobody's, never both, never neither."""
    assert sorted(pipeline.taken) == sorted(each.event_id for each in made)
    with pipeline.world() as world:
        stored = world.rows("select seq, event_id, event from cdp.events")
        filed = world.rows(
            "select event_seq from identity.resolved_events"
            " union all select event_seq from identity.unresolved_events"
        )
        owners = world.owners()
        waiting = "select (select count(*) from identity.inbox), (select count(*) from scoring.inbox)"
        assert world.rows(waiting) == [(0, 0)]
    assert sorted((event_id, event) for _, event_id, event in stored) == sorted(
        (each.event_id, each.event) for each in made
    )
    assert sorted(seq for (seq,) in filed) == sorted(seq for seq, _, _ in stored)
    assert owners == find_owners(made)


def check_points(pipeline: Pipeline, made: list[Happening]) -> None:
    """The ledger is the oracle's, the scores are its sums, and the MA has the same."""
    wanted = expect(made, pipeline.rules)
    with pipeline.world() as world:
        assert world.points() == wanted
        assert world.totals_differ() == []
        leads = world.rows("select lead_id, email from identity.leads")
    for lead_id, email in leads:
        expected = sum(points for (owner, _, _), points in wanted.items() if owner == email)
        assert pipeline.desk.ma_score(lead_id) == expected
    audit = pipeline.desk.audit()
    assert (audit.differences, audit.under_way, audit.leads) == ([], 0, len(leads))


def check_repeats(pipeline: Pipeline, made: list[Happening]) -> None:
    """Everything sent, scored, backfilled and pushed once more changes nothing."""
    before = pipeline.totals()
    if made:
        assert pipeline.post(made).json()["accepted"] == 0
    assert pipeline.backfill() == 0
    pipeline.finish()
    assert pipeline.totals() == before
