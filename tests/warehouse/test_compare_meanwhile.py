"""What others write while a warehouse is compared is no difference: both sides are judged in one state."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.db import Connection, connect
from leadops.warehouse.export_progress import list_progress
from leadops.warehouse.partition_differences import list_differences
from leadops.warehouse.run_warehouses import compare_warehouses, export_warehouses
from tests.promises import promise_examples
from tests.warehouse.story import (
    JUNE,
    MAY,
    Place,
    add_lead,
    add_points,
    add_touch,
    clock,
    erase_reasons,
    folder_place,
    publish,
    table_of,
)


def export(connection: Connection, place: Place, *, piece_rows: int = 4) -> None:
    publish(connection)
    export_warehouses(connection, [place.warehouse], piece_rows=piece_rows, clock=clock)


def compare(connection: Connection, place: Place) -> list[tuple[str, str]]:
    compare_warehouses(connection, [place.warehouse], clock=clock)
    return [(found.mart, found.partition) for found in list_differences(connection)]


def on_each_call(
    monkeypatch: pytest.MonkeyPatch, target: Any, name: str, do: Callable[[Any], object]
) -> list[str]:
    """Let `do` happen before each call of a method of a target; return a list of the tables of the calls."""
    known, calls = getattr(target, name), []

    def call(table: Any, *arguments: Any, **named: Any) -> Any:
        do(table)
        calls.append(table.mart.name)
        return known(table, *arguments, **named)

    monkeypatch.setattr(target, name, call)
    return calls


@pytest.mark.parametrize("moment", ["replace_partition", "read_fingerprints"])
def test_an_act_that_comes_between_the_two_looks_is_no_difference(
    connection: Connection, place: Place, database_url: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mart without versions is renewed and judged at once, while the visitors go on."""
    lead = add_lead(connection)
    add_touch(connection, lead)
    export(connection, place)
    add_touch(connection, lead)
    with connect(database_url) as other, monkeypatch.context() as patch:
        calls = on_each_call(patch, place.warehouse.target, moment, lambda table: add_touch(other, lead))
        assert compare(connection, place) == []
    assert calls or moment == "replace_partition"
    export(connection, place)
    assert compare(connection, place) == []
    assert place.rows("touches") == place.expected(connection, "touches")


def test_names_that_change_between_the_two_looks_are_no_difference(
    connection: Connection, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder_place(tmp_path / "marts", personal=tmp_path / "personal")
    add_lead(connection, email="a@x.example")
    export(connection, place)
    add_lead(connection, email="b@x.example")
    numbers = iter(range(99))
    with connect(database_url) as other, monkeypatch.context() as patch:
        calls = on_each_call(
            patch,
            place.warehouse.personal,
            "replace_partition",
            lambda table: add_lead(other, email=f"c{next(numbers)}@x.example"),
        )
        assert compare(connection, place) == []
    assert calls == ["addresses"]


def test_what_a_killed_export_left_is_finished_before_it_is_judged(
    connection: Connection, place: Place
) -> None:
    """The target has the rows, and the database has not noted it."""
    add_points(connection, add_lead(connection), 3)
    export(connection, place)
    add_points(connection, add_lead(connection), 3)
    die_after_adding(connection, place)
    add_points(connection, add_lead(connection), 2)
    assert compare(connection, place) == []
    sent = {each.mart: each.sent_to for each in list_progress(connection)}
    assert sent["ledger"] == 6, "the piece was finished, and no other one begun"


def test_an_erasure_that_the_warehouse_has_not_followed_yet_is_no_difference(
    connection: Connection, place: Place, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One before the compare, and one after the erasures were followed and before the two sides are read."""
    first, second = add_lead(connection), add_lead(connection)
    add_points(connection, first, 3)
    add_points(connection, second, 3)
    export(connection, place)
    erase_reasons(connection, first)
    left = [second]
    with connect(database_url) as other, monkeypatch.context() as patch:
        on_each_call(
            patch, place.warehouse.target, "tidy", lambda table: left and erase_reasons(other, left.pop())
        )
        assert compare(connection, place) == []
    assert {row[0] for row in place.read(table_of("ledger"), "reason")} == {"[erased]"}


def test_what_somebody_changed_there_is_found_in_the_middle_of_all_that(
    connection: Connection, place: Place
) -> None:
    lead = add_lead(connection)
    add_points(connection, lead, 9)
    export(connection, place)
    erase_reasons(connection, lead)
    place.delete_month(table_of("ledger"), "2026-06")
    add_touch(connection, lead)
    # The lead that was erased has all rows of the month: following the erasure put them there again.
    assert compare(connection, place) == []
    place.delete_month(table_of("ledger"), "2026-06")
    assert compare(connection, place) == [("ledger", "2026-06")]


class Company:
    """A connection and what may happen over it; numbers make everything differ."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.number = connection, 0
        self.leads: list[int] = []

    def do(self, step: str) -> None:
        self.number += 1
        if step == "lead" or not self.leads:
            self.leads.append(add_lead(self.connection, campaign=f"c{self.number}"))
        lead = self.leads[self.number % len(self.leads)]
        if step == "points":
            add_points(self.connection, lead, 2, since=JUNE if self.number % 2 else MAY)
        elif step == "act":
            add_touch(self.connection, lead, moment=JUNE if self.number % 2 else MAY)
        elif step == "correct":
            self.correct(lead)
        elif step == "erase":
            erase_reasons(self.connection, lead)

    def correct(self, lead: int) -> None:
        """Acts are filed elsewhere, taken for those of machines, and lose their number to others."""
        run = self.connection.execute
        run("update identity.leads set campaign = %s where lead_id = %s", [f"d{self.number}", lead])
        run("update identity.resolved_events set lead_id = %s where event_seq %% 3 = 0", [lead])
        run(
            "insert into machines.verdicts (event_seq, lead_id, signal, reason, classified_at)"
            " select event_seq, lead_id, 's', 'r', now() from identity.resolved_events"
            " where event_seq % 3 = 1 on conflict do nothing"
        )
        run("delete from identity.resolved_events where event_seq % 5 = 2")
        self.connection.commit()


STEPS = st.lists(
    st.sampled_from(["lead", "points", "act", "correct", "erase", "export", "kill", "compare"]), max_size=12
)
CLEARED = (
    "warehouse.exports, warehouse.differences, warehouse.followed_erasures, mart.inbox, mart.versions,"
    " scoring.ledger, identity.leads, identity.resolved_events, machines.verdicts, cdp.events,"
    " erased.erasures"
)


@given(steps=STEPS, meanwhile=st.sampled_from(["points", "act", "correct", "erase", "nothing"]))
@settings(
    max_examples=promise_examples(8),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_in_any_order_nothing_is_missed_and_nothing_is_reported(
    connection: Connection, database_url: str, steps: list[str], meanwhile: str
) -> None:
    """Whatever came before, and whatever others do at each call of the target: a compare finds nothing."""
    connection.rollback()
    connection.execute(f"truncate {CLEARED} cascade".encode())
    connection.commit()
    with (
        TemporaryDirectory() as folder,
        connect(database_url) as other,
        pytest.MonkeyPatch.context() as patch,
    ):
        place = folder_place(Path(folder))
        company, others = Company(connection), Company(other)
        target: Any = place.warehouse.target
        for name in ("add", "replace_partition", "read_fingerprints", "tidy"):
            on_each_call(patch, target, name, lambda table: others.number < 40 and others.do(meanwhile))
        for step in [*steps, "points", "act", "compare"]:
            company.do(step)
            if step == "export":
                export(connection, place, piece_rows=3)
            elif step == "kill":
                die_after_adding(connection, place)
            elif step == "compare":
                assert compare(connection, place) == []
        others.number = 40
        export(connection, place)
        assert compare(connection, place) == []
        for mart in ("ledger", "leads", "touches"):
            assert place.rows(mart) == place.expected(connection, mart), mart


def die_after_adding(connection: Connection, place: Place) -> None:
    """Export until the target has some rows that the database does not know of."""
    target: Any = place.warehouse.target
    known = target.add

    def die(*arguments: Any, **named: Any) -> None:
        known(*arguments, **named)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr(target, "add", die)
        export(connection, place)
    connection.rollback()
