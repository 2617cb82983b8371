"""A simulated visitor gets through every door, and each hop's time is on record."""

import multiprocessing
import os
import signal
from datetime import timedelta

import pytest

from leadops.canary.checks import check_canary
from leadops.canary.knock import GatewayDoors
from leadops.incidents.check import CheckInput
from leadops.incidents.finding import CheckFinding
from leadops.settings import Endpoint
from leadops.sla.sla_policy import SlaCalendar
from tests.canary.world import SETTINGS, CanaryWorld
from tests.gateway.conftest import FORM_SECRETS, KEY
from tests.shipped import SHIPPED, change
from tests.waiting import wait_until

ALL = {"collect", "form", "resolve", "score", "push", "crm", "feed"}
IMPATIENT = change(SETTINGS, watch_seconds=0)


def check(world: CanaryWorld, *, after_minutes: float = 0) -> list[CheckFinding]:
    given = CheckInput(
        SHIPPED.alerts, world.clock() + timedelta(minutes=after_minutes), SlaCalendar(SHIPPED.sla)
    )
    found = check_canary(world.connection, given)
    world.connection.commit()
    return found


def list_late(world: CanaryWorld, *, after_minutes: float) -> list[str]:
    return [finding.subject for finding in check(world, after_minutes=after_minutes)]


def test_each_visit_comes_through_every_door_and_makes_no_second_record(world: CanaryWorld) -> None:
    for number in (1, 2):
        result = world.fly()
        assert (result.problem, result.is_busy) == ("", False)
        assert world.hops() == dict.fromkeys(ALL, True)
        assert world.value("select total from scoring.scores") == number
        state = world.sandbox_state()
        assert (state["ma"]["leads"], state["ma"]["sum_of_scores"]) == (1, number)
        assert state["crm"]["leads"] == 1
    assert world.rows("select reason, count(*) from identity.uncounted_leads group by 1") == [("canary", 1)]
    assert world.value("select count(*) from cdp.events") == 4
    assert world.rows("select distinct rule, points, lane, is_live from scoring.ledger") == [
        ("canary", 1, 0, False)
    ]
    spans = "select hop, begins_at, done_at, seen_at from canary.hops"
    assert world.rows(f"{spans} where begins_at > done_at or done_at > seen_at") == []
    assert world.rows(f"{spans} where begins_at is null") == []
    assert world.value("select count(*) from canary.visits where ended_at is not null and not gave_up") == 2


def test_without_leave_to_write_nothing_reaches_ma_and_crm(world: CanaryWorld) -> None:
    world.fly(world.way(writes_to=()))
    assert world.hops() == dict.fromkeys({"collect", "form", "resolve", "score"}, True)
    world.work()
    state = world.sandbox_state()
    assert (state["ma"]["leads"], state["crm"]["leads"]) == (0, 0)
    assert world.value("select count(*) from delivery.outbox") == 0
    assert world.value("select count(*) from delivery.held_deltas") == 0
    assert world.rows("select points, lane from scoring.ledger") == [(1, None)]


def test_of_a_stage_that_stands_still_only_the_first_hop_is_late(world: CanaryWorld) -> None:
    world.stages = ("resolve", "ma", "crm", "poll")
    world.fly(settings=IMPATIENT)
    world.work()
    assert list_late(world, after_minutes=0) == []
    assert list_late(world, after_minutes=4) == []
    assert list_late(world, after_minutes=6) == ["score"]
    (finding,) = check(world, after_minutes=20)
    assert finding.facts["visits"] == 1
    assert finding.facts["minutes"] == pytest.approx(20, abs=1)
    world.stages = ("score", "ma")
    world.work()
    assert check(world) == []
    assert world.hops() == dict.fromkeys(ALL, True)


@pytest.mark.parametrize(
    ("stages", "late"),
    [
        (("score", "ma", "crm", "poll"), "resolve"),
        (("resolve", "score", "crm", "poll"), "push"),
        (("resolve", "score", "ma", "poll"), "crm"),
        (("resolve", "score", "ma", "crm"), "feed"),
    ],
)
def test_each_stage_has_its_own_hop(world: CanaryWorld, stages: tuple[str, ...], late: str) -> None:
    world.stages = stages
    world.fly(settings=IMPATIENT)
    world.work()
    assert list_late(world, after_minutes=0) == []
    assert list_late(world, after_minutes=30) == [late]


def test_a_door_that_does_not_open_is_tried_again_with_the_same_visit(world: CanaryWorld) -> None:
    closed = world.way(gateway=GatewayDoors(Endpoint(base_url="http://127.0.0.1:9"), KEY, FORM_SECRETS[0]))
    for _ in range(3):
        assert world.fly(closed).problem.startswith("collect: ")
    assert world.value("select count(*) from canary.visits") == 1
    (finding,) = check(world, after_minutes=3)
    assert finding.subject == "collect"
    assert finding.facts["problem"]
    wrong = world.way(gateway=GatewayDoors(Endpoint(base_url=world.gateway_url), "wrong-key-01234567", "x"))
    assert "write key" in world.fly(wrong).problem.lower() or "403" in world.fly(wrong).problem
    unsigned = world.way(
        gateway=GatewayDoors(Endpoint(base_url=world.gateway_url), KEY, "another-secret-0123")
    )
    assert world.fly(unsigned).problem.startswith("form: ")
    assert list_late(world, after_minutes=3) == ["form", "resolve"] or list_late(world, after_minutes=3) == [
        "form"
    ]
    world.fly()
    assert world.hops() == dict.fromkeys(ALL, True)
    assert world.value("select count(*) from canary.visits") == 1
    assert world.value("select count(*) from cdp.events") == 2
    assert world.value("select total from scoring.scores") == 1


def test_of_two_runs_at_once_one_flies(world: CanaryWorld) -> None:
    inner = []

    def sleep(_: float) -> None:
        if not inner:
            inner.append(world.fly())
        world.work()

    assert not world.fly(sleep=sleep).is_busy
    assert inner[0].is_busy
    assert world.value("select count(*) from canary.visits") == 1


@pytest.fixture
def killed(world: CanaryWorld) -> CanaryWorld:
    """A world in which a run was killed while its visit was on its way."""

    def fly() -> None:
        world.fly(sleep=lambda _: os.kill(os.getpid(), signal.SIGKILL))

    process = multiprocessing.get_context("fork").Process(target=fly, daemon=True)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    wait_until(
        lambda: world.value(
            "select count(*) = 0 from pg_locks where locktype = 'advisory'"
            " and database = (select oid from pg_database where datname = current_database())"
        )
    )
    return world


def test_a_visit_whose_run_was_killed_is_seen_to_its_end(killed: CanaryWorld) -> None:
    assert killed.hops()["collect"]
    killed.fly()
    assert killed.rows("select ended_at is not null, gave_up from canary.visits") == [(True, False)] * 2
    assert killed.value("select total from scoring.scores") == 2
    assert killed.sandbox_state()["ma"]["sum_of_scores"] == 2


def test_clocks_that_jump_make_no_negative_spans_and_no_endless_run(world: CanaryWorld) -> None:
    world.fly()
    world.offset = timedelta(hours=-2)
    world.fly()
    world.offset = timedelta(hours=2)
    world.fly()
    assert world.value("select count(*) from canary.visits") == 3
    assert world.value(
        "select min(done_at - started_at) from canary.hops join canary.visits using (visit_id)"
    ) > (timedelta(minutes=-1))
    assert check(world) == []
    assert world.value("select total from scoring.scores") == 3


def test_a_visit_that_stays_away_is_given_up_after_a_day(world: CanaryWorld) -> None:
    world.stages = ()
    world.fly(settings=IMPATIENT)
    assert list_late(world, after_minutes=30) == ["resolve"] or list_late(world, after_minutes=30) == [
        "resolve",
        "crm",
    ]
    world.offset = timedelta(hours=25)
    world.stages = ("resolve", "score", "ma", "crm", "poll")
    world.fly()
    assert world.value("select count(*) from canary.visits where ended_at is null") == 0
