"""A made-up visitor gets through every door, and each hop's time is on record."""

from tests.canary.world import CanaryWorld

ALL = {"collect", "form", "resolve", "score", "push", "crm", "feed"}


def test_a_visit_comes_through_every_door(world: CanaryWorld) -> None:
    result = world.fly()
    print(result, world.hops())
    assert world.hops() == dict.fromkeys(ALL, True)
    assert result.problem == ""
    lead, total = world.rows("select lead_id, total from scoring.scores")[0]
    assert total == 1
    print(world.sandbox_state())
