"""The first contact that a file tells belongs to its own lead, and its addresses survive a rebuild."""

from typing import Any

from leadops.identity.apply_merges import lock_identity
from leadops.identity.compare_rebuilt import compare_rebuilt
from leadops.identity.import_leads import ImportedLead, import_leads
from tests.identity.test_resolve import seen
from tests.scoring.conftest import NOW, World, at


def bring(world: World, *rows: ImportedLead) -> list[int]:
    with world.connection.transaction():
        lock_identity(world.connection)
        return import_leads(world.connection, rows, now=NOW).lead_ids


def contacts(world: World) -> list[tuple[Any, ...]]:
    return world.rows("select lead_id, created_at, campaign from identity.leads order by lead_id")


def test_an_earlier_first_contact_is_that_of_its_own_lead(world: World) -> None:
    assert bring(
        world,
        ImportedLead("1", "a@x.example", at(9), campaign="late"),
        ImportedLead("2", "b@x.example", at(8), campaign="other"),
    ) == [1, 2]
    assert bring(world, ImportedLead("1", "a@x.example", at(1), campaign="first")) == [1]
    assert contacts(world) == [(1, at(1), "first"), (2, at(8), "other")]
    assert bring(world, ImportedLead("2", "b@x.example", at(9), campaign="later")) == [2]
    assert contacts(world) == [(1, at(1), "first"), (2, at(8), "other")]


def test_another_address_that_a_file_gives_a_visitor_is_known_after_a_rebuild(world: World) -> None:
    world.accept([seen("e1", email="a@x.example")])
    world.resolve()
    row = ImportedLead("crm-1", "a@x.example", at(1))
    assert bring(world, row, ImportedLead("crm-1", "b@x.example", at(2))) == [1, 1]
    world.accept([seen("e2", 3, email="b@x.example")])
    world.resolve()
    assert set(world.rows("select lead_id from identity.resolved_events")) == {(1,)}
    world.connection.commit()
    assert compare_rebuilt(world.connection, settings=world.identity).differences == {}
