"""Whatever is retried or runs at once: one assignment a step, and the same tables give the same story."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.db import Connection, connect
from leadops.routing.assign_leads import assign_leads
from tests.promises import promise_examples
from tests.routing.conftest import TOKYO, Office, rules

STORY = (
    "select lead_id, cycle, number, coalesce(rep_id, queue), why, cause, rule, is_backfill, assigned_at,"
    " facts, passed_over from routing.assignments order by assigned_at, lead_id, cycle, number"
)

reps = st.dictionaries(
    st.sampled_from("abcd"),
    st.fixed_dictionaries(
        {
            "capacity_per_day": st.integers(0, 3),
            "zone": st.sampled_from(["Asia/Tokyo", "Europe/Berlin"]),
            "languages": st.lists(st.sampled_from(["ja", "de"]), max_size=2),
        }
    ),
)
leads = st.lists(
    st.fixed_dictionaries(
        {
            "minute": st.integers(0, 2000),
            "quiet": st.booleans(),
            "company": st.sampled_from(["acme", "other", None]),
            "language": st.sampled_from(["ja", "de", None]),
        }
    ),
    max_size=8,
)
#: Steps: a run at a minute, or a breach of a lead before it.
steps = st.lists(
    st.tuples(st.integers(0, 3000), st.lists(st.integers(1, 8), max_size=2)), min_size=1, max_size=5
)


def prepare(connection: Connection, people: dict[str, Any], mqls: list[dict[str, Any]]) -> Office:
    rule = [{"name": "language", "same": ["language"]}, {"name": "everybody"}]
    office = Office(connection, rules(rules=rule))
    office.clear()
    for rep_id, changes in people.items():
        office.rep(rep_id, **changes)
    for number, mql in enumerate(mqls, 1):
        traits = {name: mql[name] for name in ("company", "language") if mql[name]}
        office.mql(number, mql["minute"], quiet=mql["quiet"], **traits)
    connection.commit()
    return office


def run(office: Office, minute: float, breached: list[int], *, at_once: str | None = None) -> None:
    known = {lead for (lead,) in office.rows("select lead_id from routing.leads")}
    for lead in breached:
        if lead in known:
            office.wake(lead)
    office.feed(minute)
    office.connection.commit()
    if at_once is None:
        office.assign(minute)
        return

    def one(most: int) -> None:
        with connect(at_once) as connection:
            assign_leads(connection, rules=office.rules, now=office.at(minute), zone=TOKYO, max_cycles=most)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, (1_000, 1_000, 1_000)))


@settings(deadline=None, max_examples=promise_examples(8), suppress_health_check=list(HealthCheck))
@given(reps, leads, steps)
def test_repeated_and_concurrent_runs_tell_the_story_of_single_ones(
    database_url: str, people: dict[str, Any], mqls: list[dict[str, Any]], played: list[tuple[int, list[int]]]
) -> None:
    stories = []
    with connect(database_url) as connection:
        for at_once in (None, database_url):
            office = prepare(connection, people, mqls)
            for minute, breached in sorted(played, key=lambda step: step[0]):
                run(office, minute, breached, at_once=at_once)
                if at_once is None:
                    office.assign(minute)  # a retry
            stories.append(office.rows(STORY))
            _check(office)
            connection.commit()
    assert stories[0] == stories[1]


def _check(office: Office) -> None:
    """What holds at any time."""
    assert office.rows("select lead_id from routing.inbox") == []
    moves = office.rows(
        "select count(*) from routing.assignments where cause = 'breach' group by lead_id, cycle"
    )
    assert all(count <= 2 for (count,) in moves)
    given_twice = office.rows(
        "select 1 from routing.assignments where rep_id is not null group by lead_id, cycle, rep_id"
        " having count(*) > 1"
    )
    assert given_twice == []
    last = office.rows(
        "select leads.lead_id from routing.leads as leads join lateral (select rep_id, queue from"
        " routing.assignments as a where a.lead_id = leads.lead_id and a.cycle = leads.cycle"
        " order by number desc limit 1) as told on true where (leads.rep_id, leads.queue)"
        " is distinct from (told.rep_id, told.queue)"
    )
    assert last == [], "the state is what the last assignment says"
    over = office.rows(
        "select given.rep_id from routing.assignments as given join crm.reps as reps using (rep_id)"
        " where not given.is_backfill and given.why <> 'account' group by given.rep_id, reps.profile,"
        " (given.assigned_at at time zone (reps.profile ->> 'zone'))::date"
        " having count(*) > (reps.profile ->> 'capacity_per_day')::int"
    )
    assert over == [], "nobody gets more than their capacity of a day, but for their own accounts"
    owners = office.rows("select count(*), count(distinct idempotency_key) from delivery.outbox")
    given_to_reps = office.rows("select count(*) from routing.assignments where rep_id is not null")
    assert owners[0][0] == owners[0][1] == given_to_reps[0][0]
