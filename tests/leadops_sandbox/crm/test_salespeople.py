from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from leadops_sandbox.crm.salespeople import Planned, plan_work

START = datetime(2026, 7, 1, tzinfo=UTC)


def plan(lead_id: str, *, seed: int = 1, speed: float = 1.0, late_share: float = 0.25) -> list[Planned]:
    return plan_work(
        lead_id=lead_id, rep_id="rep-01", created_at=START, seed=seed, speed=speed, late_share=late_share
    )


@given(st.integers(), st.text(max_size=8), st.floats(0.1, 1000))
def test_a_story_is_the_same_for_a_seed_and_runs_forward(seed: int, lead_id: str, speed: float) -> None:
    story = plan(lead_id, seed=seed, speed=speed)
    assert story == plan(lead_id, seed=seed, speed=speed)
    assert all(one.due_at <= two.due_at for one, two in pairwise(story))
    assert len({step.activity["id"] for step in story}) == len(story)
    for due_at, activity in story:
        assert activity["occurred_at"] == due_at.isoformat()
        assert (activity["kind"] == "status") == ("status" in activity)
    if story:
        assert story[0].activity["status"] == "taken"
        assert START < story[0].due_at <= START + timedelta(minutes=45 / speed) + timedelta(seconds=1)


def test_most_answer_in_time_and_some_late() -> None:
    taken = [story[0].due_at - START for n in range(400) if (story := plan(f"L-{n}"))]
    late = sum(minutes > timedelta(minutes=10) for minutes in taken)
    assert 0.15 < late / len(taken) < 0.35
    assert 380 < len(taken) < 400


def test_stories_reach_every_end() -> None:
    stories = [plan(f"L-{n}") for n in range(300)]
    statuses = {step.activity.get("status") for story in stories for step in story}
    kinds = {step.activity["kind"] for story in stories for step in story}
    assert statuses >= {"taken", "bant", "won", "lost"}
    assert kinds == {"call", "mail", "meeting", "status"}
    bant = [s.activity["details"] for story in stories for s in story if s.activity.get("status") == "bant"]
    assert all(("next_meeting_at" in d) == (d["need"] + d["budget"] + d["authority"] >= 2) for d in bant)
