"""What looks wrong about a day, worked out by hand."""

from datetime import date, timedelta

import pytest

from leadops.funnel.quality_checks import (
    QualityCheckResult,
    check_days,
    list_findings,
    list_open_findings,
    settle_findings,
)
from tests.funnel.conftest import NOW, Books, at, on
from tests.shipped import SHIPPED, change

MONDAY = on("06-29")


def check(books: Books) -> QualityCheckResult:
    return check_days(
        books.connection, company=books.company, settings=books.settings, policy=books.policy, now=books.now
    )


def found(books: Books) -> list[tuple[date, str, str]]:
    findings = list_findings(books.connection, first=on("01-01"), last=on("12-31"), now=books.now)
    return [(each.dt, each.kind, each.subject) for each in findings]


def test_what_cannot_be_is_listed_lead_by_lead(books: Books) -> None:
    lead = books.mql(at("06-03 10:00"))
    books.reach(lead, "won", at("06-01 10:00"))
    books.refresh_all(on("06-01"), on("06-03"))

    assert check(books) == QualityCheckResult(days=3, findings=1, first=on("06-01"), last=on("06-01"))

    (finding,) = list_findings(books.connection, first=on("06-01"), last=on("06-03"), now=books.now)
    assert (finding.dt, finding.kind, finding.lead_id) == (on("06-01"), "impossible_order", lead)
    assert finding.subject == f"lead {lead} cycle 1 won"
    assert not finding.is_open  # so long ago it is no incident
    assert list_open_findings(books.connection, now=books.now) == []


@pytest.mark.parametrize(("days", "is_open"), [(14, True), (15, False)])
def test_only_findings_about_the_last_days_are_incidents(books: Books, days: int, is_open: bool) -> None:
    lead = books.mql(at("06-03 10:00"))
    books.reach(lead, "sql", at("06-03 09:00"))
    books.now = at("06-03 23:59") + timedelta(days=days)
    books.refresh(on("06-03"))
    check(books)

    (finding,) = list_findings(books.connection, first=on("06-03"), last=on("06-03"), now=books.now)
    assert finding.is_open is is_open
    assert list_open_findings(books.connection, now=books.now) == ([finding] if is_open else [])


def test_a_stage_without_an_mql_is_listed_and_counted(books: Books) -> None:
    lead = books.lead(at("06-01 10:00"))
    books.reach(lead, "won", at("06-01 10:00"))
    books.refresh(on("06-01"))
    check(books)

    assert found(books) == [(on("06-01"), "missing_stage", f"lead {lead} cycle 1 won")]
    assert books.ask("select sum(wons), sum(left_out) from analytics.daily_funnel") == [(1, 0)]


def test_the_mql_of_another_lead_of_the_person_is_one(books: Books) -> None:
    older, younger = books.mql(at("06-01 09:00")), books.lead(at("06-01 10:00"))
    books.connection.execute(
        "insert into identity.people (lead_id, person_id) values (%(a)s, %(a)s), (%(b)s, %(a)s)",
        {"a": older, "b": younger},
    )
    books.reach(younger, "won", at("06-01 11:00"))
    books.refresh(on("06-01"))

    assert check(books).findings == 0


def test_a_finding_that_is_mended_goes_and_one_that_stays_keeps_its_age(books: Books) -> None:
    first, second = books.mql(at("06-03 10:00")), books.mql(at("06-03 10:00"))
    for lead in (first, second):
        books.reach(lead, "sql", at("06-03 09:00"))
    books.refresh(on("06-03"))
    check(books)
    books.connection.execute(
        "update lifecycle.transitions set occurred_at = %s where lead_id = %s and stage = 'sql'",
        [at("06-03 11:00"), first],
    )
    books.connection.commit()
    books.now = NOW + timedelta(days=1)
    books.refresh(on("06-03"))

    assert check(books) == QualityCheckResult(days=1, findings=1, first=on("06-03"), last=on("06-03"))

    (finding,) = list_findings(books.connection, first=on("06-03"), last=on("06-03"), now=books.now)
    assert (finding.lead_id, finding.found_at) == (second, NOW)


def test_days_that_were_judged_are_not_judged_again(books: Books) -> None:
    books.refresh(on("06-01"))

    assert check(books).days == 1
    assert check(books).days == 0


def test_a_settled_finding_is_open_no_more_even_when_its_day_is_built_again(books: Books) -> None:
    lead = books.mql(at("06-03 10:00"))
    books.reach(lead, "sql", at("06-03 09:00"))
    books.now = at("06-04 00:01")
    books.refresh(on("06-03"))
    check(books)

    assert settle_findings(books.connection, day=on("06-02"), now=books.now) == 0
    assert settle_findings(books.connection, day=None, now=books.now) == 1
    books.refresh(on("06-03"))
    check(books)

    (finding,) = list_findings(books.connection, first=on("06-03"), last=on("06-03"), now=books.now)
    assert not finding.is_open


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (0, [(MONDAY, "gap", "leads"), (MONDAY, "gap", "mqls")]),
        (4, []),
        (13, [(MONDAY, "volume", "leads"), (MONDAY, "volume", "mqls")]),  # (13 − 4) / √4 = 4.5
    ],
)
def test_a_day_is_compared_with_the_same_weekdays(
    books: Books, today: int, expected: list[tuple[date, str, str]]
) -> None:
    books.settings = books.settings.model_copy(
        update={"quality_checks": change(SHIPPED.funnel.quality_checks, z=4.5)}
    )
    for weeks in range(1, 7):  # Mondays; that of 2026-05-04 is a holiday in Japan
        for _ in range(4):
            books.mql(at("06-29 10:00") - timedelta(weeks=weeks))
    for _ in range(today):
        books.mql(at("06-29 10:00"))
    books.refresh(MONDAY)
    check(books)

    assert found(books) == expected


def test_a_holiday_is_no_gap(books: Books) -> None:
    holiday = on("07-20")  # Marine Day, a Monday
    for weeks in range(1, 7):
        for _ in range(4):
            books.mql(at("07-20 10:00") - timedelta(weeks=weeks))
    books.refresh(holiday)
    check(books)

    assert found(books) == []
