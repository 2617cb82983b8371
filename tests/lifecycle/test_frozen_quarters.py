from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from leadops.company import Company
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.lifecycle.contract_changes import find_changes, find_governing
from leadops.lifecycle.frozen_quarters import (
    digest_contract,
    freeze_quarter,
    read_frozen_contracts,
    record_contract_changes,
)
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.quarter import Quarter
from leadops.lifecycle.rule_spans import find_rules, list_rule_spans
from tests.shipped import SHIPPED, change

pytestmark = pytest.mark.uncommitted

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


APRIL, FEBRUARY = change(COMPANY, fiscal_year_starts=4), change(COMPANY, fiscal_year_starts=2)


def names(connection: Connection) -> list[tuple[str, int]]:
    return connection.execute(
        "select quarter, revision from lifecycle.frozen_quarters order by first_day, revision"
    ).fetchall()


def test_a_quarter_of_the_companys_year_is_frozen_under_its_name(connection: Connection) -> None:
    quarter = Quarter(2026, 2, 4)
    made = freeze(connection, contract(), quarter=quarter, company=APRIL)
    assert (made.quarter, made.first_day, made.last_day) == (
        "FY2026/27-Q2",
        date(2026, 7, 1),
        date(2026, 9, 30),
    )
    assert list(read_frozen_contracts(connection)) == [quarter]
    (found,) = compare(connection, contract(fit=30), APRIL)
    assert found == "FY2026/27-Q2"


def test_a_frozen_quarter_keeps_its_name_when_the_year_moves(connection: Connection) -> None:
    made = freeze(connection, contract())
    again = freeze(connection, contract(fit=99), quarter=Quarter(2026, 2, 4), company=APRIL)
    assert (again.quarter, again.digest, again.is_new) == ("2026-Q3", made.digest, False)
    freeze(connection, contract(fit=99), quarter=Quarter(2026, 2, 4), company=APRIL, reason="agreed")
    assert names(connection) == [("2026-Q3", 1), ("2026-Q3", 2)]
    # By its old name it can still be replaced, though it is not a quarter of the company's any more.
    freeze(connection, contract(fit=98), company=FEBRUARY, reason="agreed")
    assert names(connection)[-1] == ("2026-Q3", 3)


def test_a_quarter_of_another_year_is_not_frozen(connection: Connection) -> None:
    with pytest.raises(PermanentError, match=r"2026-Q3 is not a quarter .* give it as FY2026/27-Q2"):
        freeze(connection, contract(), company=FEBRUARY)
    freeze(connection, contract(), quarter=Quarter(2026, 2, 4), company=APRIL)
    with pytest.raises(PermanentError, match="FY2026/27-Q2 is on record for 2026-07-01 to 2026-09-30"):
        freeze(
            connection, contract(), quarter=Quarter(2026, 2, 7), company=change(COMPANY, fiscal_year_starts=7)
        )
    assert names(connection) == [("FY2026/27-Q2", 1)]


def test_of_two_quarters_that_share_days_the_one_that_was_frozen_first_stays(connection: Connection) -> None:
    freeze(connection, within(7))  # July to September
    freeze(
        connection, within(8), quarter=Quarter(2026, 3, 2), company=FEBRUARY, now=NOW + timedelta(days=30)
    )  # August to October
    spans = list_rule_spans(within(24), read_frozen_contracts(connection))
    at = {day: find_rules(spans, datetime(*day, 12, tzinfo=UTC))["within_hours"] for day in DAYS}
    assert at == {(2026, 6, 29): 24, (2026, 7, 1): 7, (2026, 9, 29): 7, (2026, 10, 2): 8, (2026, 11, 2): 24}


DAYS = [(2026, 6, 29), (2026, 7, 1), (2026, 9, 29), (2026, 10, 2), (2026, 11, 2)]


def within(hours: float) -> KpiContract:
    body = contract().model_dump(mode="json")
    body["versions"][0]["sal"]["within_hours"] = hours
    return KpiContract.model_validate(body).in_company(COMPANY)
