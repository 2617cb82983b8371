from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.company import Company
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.lifecycle.contract_changes import find_changes, find_governing
from leadops.lifecycle.frozen_quarters import digest_contract, freeze_quarter, record_contract_changes
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.quarter import Quarter
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
Q3 = Quarter(2026, 3)
COMPANY = SHIPPED.company


def contract(*more: tuple[str, str, int], fit: int = 20) -> KpiContract:
    """The default contract, then versions (name, first day, fit points)."""
    body = SHIPPED.kpi.model_dump(mode="json")
    first = body["versions"][0]
    first["mql"]["fit"] = fit
    body["versions"] += [
        first | {"version": name, "effective_from": day, "mql": first["mql"] | {"fit": points}}
        for name, day, points in more
    ]
    return KpiContract.model_validate(body)


def freeze(connection: Connection, given: KpiContract, **more: Any) -> Any:
    return freeze_quarter(
        connection, **{"contract": given, "company": COMPANY, "quarter": Q3, "now": NOW} | more
    )


def compare(connection: Connection, given: KpiContract, company: Company = COMPANY) -> dict[str, list[str]]:
    return record_contract_changes(connection, contract=given, company=company, now=NOW)


def test_the_whole_contract_is_kept_with_its_hash(connection: Connection) -> None:
    given = contract(("2026-Q3", "2026-07-01", 25))
    made = freeze(connection, given)
    assert (made.is_new, made.revision, made.versions) == (True, 1, ["2026-Q3"])
    row = connection.execute("select timezone, contract, digest from lifecycle.frozen_quarters").fetchone()
    assert row
    assert KpiContract.model_validate(row[1]) == given
    assert digest_contract(row[0], row[1]) == row[2] == made.digest


def test_a_second_freeze_adds_nothing_whatever_the_file_says_now(connection: Connection) -> None:
    made = freeze(connection, contract())
    again = freeze(connection, contract(fit=99), now=NOW + timedelta(days=1))
    assert not again.is_new
    assert (again.digest, again.frozen_at) == (made.digest, NOW)
    assert connection.execute("select count(*) from lifecycle.frozen_quarters").fetchone() == (1,)


def test_a_change_that_was_agreed_is_another_revision(connection: Connection) -> None:
    freeze(connection, contract())
    assert compare(connection, contract(fit=25)) == {"2026-Q3": ["mql.fit: 20 → 25"]}
    made = freeze(connection, contract(fit=25), reason="agreed on 8 July")
    assert (made.is_new, made.revision) == (True, 2)
    assert compare(connection, contract(fit=25)) == {}
    assert not freeze(connection, contract(fit=25), reason="again").is_new
    with pytest.raises(PermanentError, match="2026-Q4 is not frozen yet"):
        freeze(connection, contract(), quarter=Q3.next(), reason="why not")


def test_only_what_governs_the_quarter_counts(connection: Connection) -> None:
    freeze(connection, contract())
    assert compare(connection, contract(("2026-Q4", "2026-10-01", 50))) == {}
    assert compare(connection, contract(("late", "2026-09-30", 50))) == {
        "2026-Q3": ["versions: 2026-Q1 → 2026-Q1 + late"]
    }
    noted = connection.execute("select quarter, facts ->> 'count' from lifecycle.frozen_changes").fetchall()
    assert noted == [("2026-Q3", "1")]
    assert compare(connection, contract()) == {}
    assert connection.execute("select count(*) from lifecycle.frozen_changes").fetchone() == (0,)


def test_a_new_name_or_another_first_day_is_a_change_too() -> None:
    frozen = contract(("2026-Q3", "2026-07-01", 25))
    assert find_changes(frozen, contract(("Q3", "2026-07-01", 25)), Q3) == ["version: 2026-Q3 → Q3"]
    # A first version covers everything before it: its first day says nothing about July.
    assert find_governing(frozen, Q3)[0]["from"] == "2026-07-01"
    moved = contract(("2026-Q3", "2026-06-01", 25))
    assert find_changes(frozen, moved, Q3) == []
    assert find_changes(frozen, moved, Q3.previous()) == ["versions: 2026-Q1 → 2026-Q1 + 2026-Q3"]


def test_another_zone_moves_every_midnight(connection: Connection) -> None:
    freeze(connection, contract())
    assert compare(connection, contract(), change(SHIPPED.company, timezone="Europe/Berlin")) == {
        "2026-Q3": ["timezone: Asia/Tokyo → Europe/Berlin"]
    }


def test_a_frozen_contract_that_lacks_what_came_later_is_the_same(connection: Connection) -> None:
    freeze(connection, contract())
    connection.execute(
        "update lifecycle.frozen_quarters set contract = contract #- '{versions,0,mql,reasons}'"
    )
    assert compare(connection, contract()) == {}
    connection.execute("update lifecycle.frozen_quarters set contract = contract - 'versions'")
    assert "cannot read" in compare(connection, contract())["2026-Q3"][0]
