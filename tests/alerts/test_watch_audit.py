from datetime import UTC, date, datetime, timedelta

import pytest

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.checks import CHECKS
from leadops.alerts.run_checks import run_checks
from leadops.db import Connection

NOW = datetime(2026, 7, 31, 19, tzinfo=UTC)
OPEN = "select subject, opened_at, facts from alerts.incidents where state = 'open'"


def audited(connection: Connection, *, ended: bool = True, **counts: int) -> None:
    names = ", ".join(
        ["night", "audited_by", "begun_at", "ended_at", "correction_limit", "missing_limit", *counts]
    )
    values = [date(2026, 7, 31), "test", NOW, NOW if ended else None, 100, 10, *counts.values()]
    connection.execute(
        f"insert into delivery.audits ({names}, lead_ids)"
        f" values ({', '.join(['%s'] * len(values))}, '{{4,9,12,13,14,15}}')",
        values,
    )
    connection.commit()


def look(connection: Connection, *, minutes: float = 0) -> list[tuple]:
    run_checks(connection, CHECKS, settings=AlertSettings(), now=NOW + timedelta(minutes=minutes))
    found = connection.execute(OPEN).fetchall()
    connection.commit()
    return found


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"differing": 101}, {"count": 101}),
        ({"missing_in_ma": 11}, {"gone": 11}),
        ({"inconsistent": 2}, {"broken": 2}),
        ({"differing": 3, "corrected": 2}, {"count": 1}),
    ],
)
def test_what_was_left_is_one_incident_until_a_later_night_leaves_nothing(
    connection: Connection, counts: dict[str, int], told: dict[str, int]
) -> None:
    audited(connection, **counts)
    ((subject, opened_at, facts),) = look(connection)
    assert (subject, opened_at) == ("ma", NOW)
    assert {name: facts[name] for name in ("count", "gone", "broken") if facts[name] is not None} == told
    assert facts["lead_ids"] == [4, 9, 12, 13, 14]
    audited(connection, ended=False)  # one that was cut off says nothing
    assert len(look(connection, minutes=1)) == 1
    audited(connection, differing=5, corrected=5, missing_in_ma=10)
    look(connection, minutes=2)
    assert look(connection, minutes=6) == []


def test_healed_is_no_news(connection: Connection) -> None:
    assert look(connection) == []
    audited(connection, differing=5, corrected=5)
    assert look(connection) == []
