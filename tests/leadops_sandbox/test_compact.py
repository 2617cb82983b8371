"""A short journal knows all that anybody can still ask about."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadops_sandbox.admin import count_state, list_applied
from leadops_sandbox.settings import Behaviour, Tokens
from leadops_sandbox.world import World
from tests.promises import promise_examples

START = datetime(2026, 7, 1, tzinfo=UTC)
NEVER = 1 << 40


def open_world(folder: Path, *, hours: float, long_journal: int = NEVER) -> World:
    return World(
        folder,
        clock=lambda: START + timedelta(hours=hours),
        tokens=Tokens(),
        behaviour=Behaviour(),
        long_journal=long_journal,
    )


def change(world: World, hours: float, updates: list[tuple[int, int, str]]) -> None:
    """Let the MA answer a bulk call as its route would, `hours` after the start."""
    answer = []
    for lead, delta, status in updates:
        score = world.ma.leads[lead].score + delta if status == "applied" else None
        answer.append({"deltaId": f"d{hours}-{lead}", "status": status, "score": score})
    body = {
        "updates": [
            {"deltaId": f"d{hours}-{lead}", "leadId": lead, "delta": delta, "reason": "r"}
            for lead, delta, _ in updates
        ]
    }
    world.effect(
        "ma.scores",
        at=START + timedelta(hours=hours),
        key=f"k{hours}",
        digest="x",
        body=body,
        answer={"results": answer},
    )


def make(world: World, number: int) -> int:
    lead = world.ma.next_id()
    body = {"email": f"{number}@x.example"}
    world.effect("ma.lead", at=START, key=None, digest=None, body=body, answer={"leadId": lead})
    return lead


def seen(world: World) -> dict[str, Any]:
    return {
        "state": count_state(world),
        "leads": {lead.id: (lead.email, lead.score) for lead in world.ma.leads.values()},
    }


STATUS = st.sampled_from(["applied", "applied", "duplicate", "rejected"])
CALLS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(-9, 9), STATUS),
    min_size=1,
    max_size=12,
)


@settings(max_examples=promise_examples(40), deadline=None)
@given(calls=CALLS, times=st.integers(1, 3))
def test_totals_scores_and_recent_changes_are_the_same_however_often_it_is_made_short(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, int, str]], times: int
) -> None:
    folder = tmp_path_factory.mktemp("state")
    world = open_world(folder, hours=0)
    leads = [make(world, number) for number in range(6)]
    for hours, (lead, delta, status) in enumerate(calls):
        change(world, hours * 6, [(leads[lead], delta, status)])
    before, applied = seen(world), list_applied(world, after=0, limit=100)
    world.journal.close()
    for _ in range(times):
        world = open_world(folder, hours=60, long_journal=0)
        assert seen(world) == before
        kept = list_applied(world, after=0, limit=100)
        recent = [
            each
            for each in applied
            if datetime.fromisoformat(each["applied_at"]) >= START + timedelta(hours=36)
        ]
        assert kept == recent
        assert {
            f"d{hours * 6}-{leads[call[0]]}"
            for hours, call in enumerate(calls)
            if hours >= 6 and call[2] == "applied"
        } <= world.ma.seen_deltas
        world.journal.close()  # fmt: skip


def test_a_long_journal_gets_short_and_a_short_one_stays(tmp_path: Path) -> None:
    world = open_world(tmp_path, hours=0)
    lead = make(world, 1)
    for number in range(200):
        change(world, number / 1000, [(lead, 1, "applied")])
    size = world.journal.size
    world.journal.close()
    world = open_world(tmp_path, hours=60)
    assert world.journal.size == size
    world.journal.close()
    world = open_world(tmp_path, hours=60, long_journal=size - 1)
    assert world.journal.size < size / 20
    assert world.ma.leads[lead].score == 200
    change(world, 61, [(lead, 5, "applied")])
    world.journal.close()
    assert open_world(tmp_path, hours=61).ma.leads[lead].score == 205


def test_a_short_journal_keeps_the_score_after_a_merge(tmp_path: Path) -> None:
    """10 and 5 points, merged to 15: the older changes of the survivor must not win."""
    world = open_world(tmp_path, hours=0)
    kept, merged = make(world, 1), make(world, 2)
    change(world, 1, [(kept, 10, "applied"), (merged, 5, "applied")])
    facts = {"id": merged, "into": kept, "score_after": 15, "keeps_email": True}
    world.effect("ma.merged", at=START + timedelta(hours=2), key=None, body=facts, answer=facts)
    world.journal.close()
    again = open_world(tmp_path, hours=60, long_journal=1)
    assert again.ma.leads[kept].score == 15
    assert again.ma.leads[merged].absence == "merged"
    again.journal.close()


def test_scores_that_a_product_sets_count_as_their_changes(tmp_path: Path) -> None:
    """5 added, 17 set, 3 added, 1 added as points, set to 30: the sum of all changes is 30."""
    world = open_world(tmp_path, hours=0)
    lead = make(world, 1)

    def put(hours: float, score: int) -> None:
        rows = [{"id": lead, "fields": {}, "score": score}]
        world.effect("ma.properties", at=START + timedelta(hours=hours), key=None, body={"rows": rows})

    change(world, 1, [(lead, 5, "applied")])
    put(2, 17)
    change(world, 3, [(lead, 3, "applied")])
    points = {"id": lead, "logged": 1, "name": "d4", "score_after": 21, "points_after": 21}
    world.effect("ma.points", at=START + timedelta(hours=4), key=None, body=points)
    put(5, 30)
    change(world, 59, [(lead, 2, "applied")])
    before = seen(world)
    assert before["state"]["ma"]["sum_of_scores"] == 32
    world.journal.close()
    for _ in range(2):
        again = open_world(tmp_path, hours=60, long_journal=1)
        assert seen(again) == before
        again.journal.close()
