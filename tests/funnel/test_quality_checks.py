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
from leadops.made_up.made_up_past import begin_past
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


def fill_mondays(books: Books) -> None:
    """Let four leads come, and be MQL, on each of the six Mondays before 29 June."""
    books.ask(
        "with made as (insert into identity.leads (created_at)"
        " select %s - weeks * interval '7 days' from generate_series(1, 6) as weeks, generate_series(1, 4)"
        " returning lead_id, created_at)"
        " insert into lifecycle.transitions"
        " (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)"
        " select lead_id, 1, 'mql', created_at, created_at, '{}', '2026-Q1' from made returning 1",
        at("06-29 10:00"),
    )


@pytest.mark.parametrize(
    ("moment", "expected"),
    [("06-29 00:00", []), ("06-30 00:00", [(MONDAY, "gap", "leads"), (MONDAY, "gap", "mqls")])],
)
def test_the_day_begins_at_its_midnight_and_ends_before_the_next(
    books: Books, moment: str, expected: list[tuple[date, str, str]]
) -> None:
    fill_mondays(books)
    for _ in range(4):
        books.mql(at(moment))
    books.refresh(MONDAY)
    check(books)

    assert found(books) == expected


def test_leads_that_do_not_count_fill_no_gap(books: Books) -> None:
    fill_mondays(books)
    ours, claimed, older, younger = (books.lead(at(f"06-{day} 10:00")) for day in (29, 29, 28, 29))
    books.ask(
        "insert into identity.uncounted_leads values (%s, 'internal', 'x', now()) returning lead_id", ours
    )
    books.ask("update identity.leads set only_claimed = true where lead_id = %s returning 1", claimed)
    books.ask("update identity.leads set merged_into = %s where lead_id = %s returning 1", older, younger)
    books.refresh(MONDAY)
    check(books)

    assert found(books) == [(MONDAY, "gap", "leads"), (MONDAY, "gap", "mqls")]


def test_a_stage_needs_the_mql_of_its_own_lead_and_deal(books: Books) -> None:
    first, second = books.mql(at("06-01 09:00")), books.lead(at("06-01 09:00"))
    books.reach(first, "won", at("06-01 10:00"))
    books.reach(first, "sal", at("06-01 11:00"), cycle=2)
    books.reach(second, "lost", at("06-01 00:00"))
    books.reach(second, "sal", at("06-02 00:00"), cycle=2)
    books.refresh(on("06-01"))
    check(books)

    assert found(books) == [
        (on("06-01"), "missing_stage", f"lead {first} cycle 2 sal"),
        (on("06-01"), "missing_stage", f"lead {second} cycle 1 lost"),
    ]


def test_a_stage_of_a_persons_other_deal_still_needs_an_mql(books: Books) -> None:
    """The second lead's first deal is the person's second, in which nobody became MQL."""
    older, younger = books.mql(at("06-01 09:00")), books.lead(at("06-01 10:00"))
    books.ask(
        "insert into identity.people (lead_id, person_id) values (%s, %s), (%s, %s) returning 1",
        *(older, older, younger, older),
    )
    books.ask("insert into lifecycle.person_cycles values (%s, 1, 2) returning 1", younger)
    books.reach(younger, "won", at("06-01 11:00"))
    books.refresh(on("06-01"))
    check(books)

    assert found(books) == [(on("06-01"), "missing_stage", f"lead {older} cycle 2 won")]


def record(books: Books, *findings: tuple[str, str, str], until: timedelta, settled: bool = False) -> None:
    """Record findings (day, kind, subject) that are open until so long after now."""
    for day, kind, subject in findings:
        books.connection.execute(
            "insert into analytics.quality_findings values (%s, %s, %s, null, '{}', %s, %s, %s)",
            [on(day), kind, subject, NOW, NOW + until, NOW if settled else None],
        )
    books.connection.commit()


def test_findings_are_listed_newest_day_first_then_by_kind_and_subject(books: Books) -> None:
    late, never = timedelta(days=1), timedelta(0)
    record(books, ("06-01", "volume", "b"), ("06-03", "gap", "c"), ("06-02", "volume", "a"), until=late)
    record(books, ("06-02", "gap", "z"), until=late, settled=True)
    record(books, ("06-02", "gap", "a"), ("06-04", "gap", "a"), until=never)

    listed = list_findings(books.connection, first=on("06-01"), last=on("06-03"), now=NOW)
    assert [(each.dt.day, each.kind, each.subject, each.is_open) for each in listed] == [
        (3, "gap", "c", True),
        (2, "gap", "a", False),
        (2, "gap", "z", False),
        (2, "volume", "a", True),
        (1, "volume", "b", True),
    ]
    days = list_findings(books.connection, first=on("06-02"), last=on("06-02"), now=NOW)
    assert [each.subject for each in days] == ["a", "z", "a"]
    opened = list_open_findings(books.connection, now=NOW)
    assert [(each.dt.day, each.subject) for each in opened] == [(3, "c"), (2, "a"), (1, "b")]
    assert settle_findings(books.connection, day=on("06-02"), now=NOW + late) == 2
    assert [each.dt.day for each in list_open_findings(books.connection, now=NOW)] == [3, 1]
    settled = books.ask("select settled_at from analytics.quality_findings where subject = 'z'")
    assert settled == [(NOW,)], "who looked first keeps the time"


def test_words_without_a_meaning_are_counted_and_the_most_frequent_named(books: Books) -> None:
    words = {"zeta": 1, "beta": 2, "alpha": 1, "eta": 1, "delta": 1, "theta": 1, "known": 3}
    said = [word for word, count in words.items() for _ in range(count)]
    moments = [at("06-01 00:00"), *[at("06-01 12:00")] * (len(said) - 1)]
    said += ["beta", "beta"]
    moments += [at("05-31 23:59"), at("06-02 00:00")]
    for number, (word, moment) in enumerate(zip(said, moments, strict=True)):
        books.connection.execute(
            "insert into crm.activities (activity_id, crm_lead_id, kind, kind_key, status, status_key,"
            " occurred_at, recorded_at) values (%s, 'L', 'Call', 'call', %s, %s, %s, %s)",
            [str(number), word, word, moment, moment],
        )
    for word in words:
        if word != "known":
            books.connection.execute(
                "insert into lifecycle.unnamed_words values ('status', %(word)s, %(word)s, %(at)s, %(at)s),"
                " ('salesperson', 'call', 'call', %(at)s, %(at)s) on conflict do nothing",
                {"word": word, "at": NOW},
            )
    books.connection.commit()
    books.refresh(on("06-01"))
    check(books)

    (finding,) = list_findings(books.connection, first=on("06-01"), last=on("06-01"), now=NOW)
    assert (finding.kind, finding.subject, finding.is_open) == ("unnamed_words", "status", False)
    assert finding.facts == {
        "words": 6,
        "activities": 7,
        "of": 10,
        "examples": ["beta", "alpha", "delta", "eta", "theta"],
    }


@pytest.mark.parametrize(
    ("last", "is_open", "expected"),
    [
        # The Monday itself is simulated: what is odd about it is listed, and is not an incident.
        (MONDAY, False, [(MONDAY, "gap", "leads"), (MONDAY, "gap", "mqls")]),
        # The Mondays before it are: they say nothing about it.
        (MONDAY - timedelta(days=1), False, []),
        # Four Mondays are left that happened: enough to compare with.
        (MONDAY - timedelta(weeks=5), True, [(MONDAY, "gap", "leads"), (MONDAY, "gap", "mqls")]),
    ],
)
def test_simulated_days_are_no_incident_and_nothing_is_compared_with_them(
    books: Books, last: date, is_open: bool, expected: list[tuple[date, str, str]]
) -> None:
    for weeks in range(1, 7):
        for _ in range(4):
            books.mql(at("06-29 10:00") - timedelta(weeks=weeks))
    begin_past(books.connection, first_day=on("01-01"), last_day=last, seed=1, now=NOW)
    books.now = at("06-30 00:01")
    books.refresh(MONDAY)
    check(books)

    assert found(books) == expected
    assert len(list_open_findings(books.connection, now=books.now)) == (len(expected) if is_open else 0)
