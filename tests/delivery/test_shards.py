"""Several tasks push at once: nothing is lost, nothing comes twice, and a lead's changes come in order."""

import multiprocessing
import time
from collections import defaultdict
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.delivery_fixture import DeliveryFixture, impatient
from tests.promises import promise_examples
from tests.waiting import outlive_sessions

LEADS = 6
FAULTS = ["500", "reset_before", "reset_after", "half_answer", "timeout_after", "latency", "429"]

fault = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(FAULTS),
        "path": st.just("/api/bulk/*"),
        "count": st.integers(1, 6),
        "seconds": st.sampled_from([0.02, 0.4]),
        "retry_after": st.just(0),
    }
)
lead = st.integers(0, LEADS - 1)
senders = st.tuples(st.sampled_from([1, 2, 4]), st.sampled_from([1, 2]))  # shards, connections of each
step = st.one_of(
    st.tuples(
        st.just("scores"), st.lists(st.tuples(lead, st.integers(1, 20), st.integers(0, 1)), max_size=12)
    ),
    st.tuples(st.just("fault"), fault),
    st.tuples(st.just("join"), st.tuples(lead, lead)),
    st.tuples(st.just("part"), lead),
    st.tuples(st.just("push"), senders),
    st.tuples(st.just("kill one"), st.tuples(senders, st.floats(0, 0.3))),
    st.tuples(st.just("kill all"), st.tuples(senders, st.floats(0, 0.3))),
)


def start(
    desk: DeliveryFixture, *, batch_size: int, shards: int, connections: int, seconds: float = 1.5
) -> list[Any]:
    """Start the pushes of all shards, each a process of its own."""
    desk.settings = impatient(batch_size=batch_size, connections=connections).model_copy(
        update={"shards": shards}
    )
    fork = multiprocessing.get_context("fork")
    processes = [
        fork.Process(target=desk.push, kwargs={"seconds": seconds}, daemon=True) for _ in range(shards)
    ]
    for process in processes:
        process.start()
    return processes


def kill(desk: DeliveryFixture, processes: list[Any], killed: list[Any], *, seconds: float) -> None:
    """Kill -9 some of the pushes after `seconds`, and wait for the others."""
    with outlive_sessions(desk.url):
        time.sleep(seconds)
        for process in killed:
            process.kill()
        for process in processes:
            process.join()


def set_person(desk: DeliveryFixture, one: int, person: int | None) -> None:
    """Let a lead be the same person as another lead, or somebody of its own again."""
    with desk.connect() as connection:
        connection.execute("delete from identity.people where lead_id = %s", [one])
        if person is not None:
            connection.execute("insert into identity.people values (%s, %s)", [one, person])


def read_applied(desk: DeliveryFixture, *, after: str) -> list[dict[str, Any]]:
    """What the MA applied since then, in its own order."""
    response = requests.get(f"{desk.ma_url}/_state/ma/applied", params={"after": after}, timeout=60)
    return list(response.json()["items"])


def find_end(desk: DeliveryFixture) -> str:
    """The place of the newest change that the MA applied."""
    cursor = "0"
    while True:
        response = requests.get(f"{desk.ma_url}/_state/ma/applied", params={"after": cursor}, timeout=60)
        if response.json()["cursor"] == cursor:
            return cursor
        cursor = str(response.json()["cursor"])


def list_orders(desk: DeliveryFixture, applied: list[dict[str, Any]]) -> dict[tuple[int, int], list[int]]:
    """The rows of the ledger in the order in which the MA applied them, by lead and lane."""
    with desk.connect() as connection:
        rows = connection.execute("select seq, lead_id, lane from scoring.ledger").fetchall()
    places = {seq: (lead_id, lane) for seq, lead_id, lane in rows}
    orders = defaultdict[tuple[int, int], list[int]](list)
    for change in applied:
        seq = int(change["deltaId"].rpartition("-")[2])
        orders[places[seq]].append(seq)
    return orders


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.parametrize(("shards", "connections"), [(1, 2), (3, 2)])
def test_senders_that_work_at_once_do_not_overtake_each_other(
    desk: DeliveryFixture, shards: int, connections: int
) -> None:
    leads = [desk.add_lead() for _ in range(LEADS)]
    desk.push()
    begin = find_end(desk)
    for points in range(1, 31):
        for one in leads:
            desk.score(one, points)
    # Some calls take long, so that the next one would arrive before them, and some fail.
    desk.fault("latency", path="/api/bulk/*", probability=0.4, seconds=0.05)
    desk.fault("500", path="/api/bulk/*", probability=0.1)
    for process in start(desk, batch_size=4, shards=shards, connections=connections, seconds=120):
        process.join()

    orders = list_orders(desk, read_applied(desk, after=begin))
    assert {place: len(order) for place, order in orders.items()} == {(one, 0): 30 for one in leads}
    assert all(order == sorted(order) for order in orders.values())


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@settings(
    max_examples=promise_examples(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(step, min_size=4, max_size=12), batch_size=st.sampled_from([1, 2, 5, 1000]))
def test_whatever_happens_a_leads_changes_come_once_and_in_order(
    desk: DeliveryFixture, steps: list[tuple[str, Any]], batch_size: int
) -> None:
    desk.heal()
    desk.timeout = 0.25
    desk.settings = impatient(batch_size=batch_size)
    begin = find_end(desk)
    leads = [desk.add_lead() for _ in range(LEADS)]
    wanted = dict.fromkeys(leads, 0)
    for what, detail in steps:
        if what == "scores":
            for number, points, lane in detail:
                desk.score(leads[number], points, lane=lane)
                wanted[leads[number]] += points
        elif what == "fault":
            desk.fault(**detail)
        elif what == "join":
            one, other = sorted(detail)
            set_person(desk, leads[other], leads[one] if one != other else None)
        elif what == "part":
            set_person(desk, leads[detail], None)
        elif what == "push":
            shards, connections = detail
            for process in start(desk, batch_size=batch_size, shards=shards, connections=connections):
                process.join()
        else:
            (shards, connections), seconds = detail
            processes = start(desk, batch_size=batch_size, shards=shards, connections=connections)
            kill(desk, processes, processes[:1] if what == "kill one" else processes, seconds=seconds)

    desk.heal()
    while desk.push().calls:
        pass

    assert {lead: desk.ma_score(lead) for lead in leads} == wanted
    audit = desk.audit()
    assert (audit.differences, audit.under_way) == ([], 0)
    assert desk.value("select count(*) from delivery.dead_letters") == 0
    for place, order in list_orders(desk, read_applied(desk, after=begin)).items():
        assert order == sorted(set(order)), f"lead and lane {place}"
