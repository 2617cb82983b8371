"""What is left in nurture of somebody erased."""

from leadops.erased.erased_person import ErasedPerson
from leadops.nurture.removal import erase_memberships
from tests.nurture.programme_world import ProgrammeWorld


def test_what_runs_ends_and_the_counts_stay(world: ProgrammeWorld) -> None:
    for lead in (1, 2):
        world.lead(lead)
        world.act(lead, world.at("06-02 10:00"))
    world.run(world.at("06-02 11:00"))
    world.look_at(1, 2)
    with world.connection.transaction():
        erase_memberships(world.connection, ErasedPerson([1], ()), now=world.now)
    assert world.members() == [(1, 1, "exited", "erased"), (2, 1, "active", None)]
    assert world.rows("select lead_id from nurture.inbox") == [(2,)]
    assert world.rows("select count(*) from nurture.sends") == [(2,)]
