"""What an installation tries before anybody has points is no change that adds up with later ones."""

from pathlib import Path

import pytest

from leadops.db import Connection
from tests.changes.fleet import Fleet, rules


def test_what_took_effect_while_nobody_had_points_does_not_count(
    connection: Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = Fleet(connection, database_url, tmp_path, monkeypatch)
    for text in (rules(webinar=5), rules()):  # the installation tries some rules
        fleet.a.write("scoring", text)
        fleet.a.minute()
    fleet.add_leads(2, "visit")
    fleet.add_leads(8, "webinar")
    fleet.a.write("scoring", rules(visit=5))
    assert fleet.a.minute().in_effect == ("scoring",)
    assert fleet.points() == [5] * 2 + [15] * 8
