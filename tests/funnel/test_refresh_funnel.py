"""Days whose answers are worked out by hand."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from leadops.errors import PermanentError
from leadops.funnel.funnel_cells import DayCounts, count_without_cohort, read_counts, read_funnel
from tests.funnel.conftest import Books, at, on
from tests.shipped import SHIPPED, change


def test_a_day_is_counted_by_campaign_and_source(books: Books) -> None:
    books.lead(at("06-01 09:00"), campaign="spring", source="mail")  # comes, and no more
    first = books.mql(at("06-01 10:00"))
    second = books.mql(at("06-01 23:59"))
    books.mql(at("06-02 00:00"))  # the next day
    books.mql(at("05-31 23:59"), campaign="winter")  # the day before
    books.reach(first, "sal", at("06-01 11:00"))
    books.reach(first, "sql", at("06-01 12:00"))
    books.reach(first, "won", at("06-01 18:00"), value=Decimal("1200000.50"))
    books.reach(second, "lost", at("06-02 09:00"))

    done = books.refresh(on("06-01"))

    assert (done.leads, done.mqls, done.sals, done.sqls, done.wons, done.losts) == (3, 2, 1, 1, 1, 0)
    assert books.daily("dt, campaign, source, kpi_version, leads, mqls, sals, sqls, wons, losts, value") == [
        (on("06-01"), "spring", "mail", "2026-Q1", 1, 0, 0, 0, 0, 0, 0),
        (on("06-01"), "spring", "search", "2026-Q1", 2, 2, 1, 1, 1, 0, Decimal("1200000.50")),
    ]


def test_a_lead_without_a_campaign_of_its_own_has_that_of_its_first_event(books: Books) -> None:
    books.connection.execute(
        "insert into cdp.events (event_id, event, ts, received_at, proof, payload)"
        " values ('a', 'ad_click', now(), now(), 'write_key',"
        """ '{"context": {"utm": {"campaign": "autumn", "source": ""}}}')"""
    )
    books.connection.execute(
        "insert into identity.leads (email, created_at, first_event_seq) select 'a@b.c', %s, max(seq)"
        " from cdp.events",
        [at("06-01 10:00")],
    )
    books.connection.commit()

    books.refresh(on("06-01"))

    assert books.daily("campaign, source, leads") == [("autumn", None, 1)]


def test_an_empty_day_has_no_rows_and_is_built(books: Books) -> None:
    done = books.refresh(on("06-01"))

    assert (done.leads, done.mqls, done.again) == (0, 0, ())
    assert read_counts(books.connection, on("06-01")) == DayCounts(*[0] * 10)
    assert books.daily() == []
    assert books.ask("select dt from analytics.built_days") == [(on("06-01"),)]
    assert books.everything()["lead_times"] == []


def test_a_day_twice_is_the_same(books: Books) -> None:
    lead = books.mql(at("06-01 10:00"))
    books.reach(lead, "sal", at("06-01 11:00"))
    books.refresh(on("06-01"))
    once = books.everything()

    again = books.refresh(on("06-01"))

    assert books.everything() == once
    assert again.mqls == 1
    assert again.again == ()


def test_days_out_of_order_are_the_same(books: Books) -> None:
    for number in range(1, 5):
        lead = books.mql(at(f"06-0{number} 10:00"))
        books.reach(lead, "sal", at(f"06-0{number} 23:00"))
        books.reach(lead, "won", at(f"06-0{number + 1} 10:00"), value=100)
    books.refresh_all(on("06-01"), on("06-05"))
    in_order = books.everything()
    books.connection.execute(
        "truncate analytics.funnel_cells, analytics.built_days, analytics.left_out,"
        " analytics.response_times, analytics.response_time_summaries,"
        " analytics.lead_times"
    )
    books.connection.commit()

    for text in ("06-04", "06-01", "06-05", "06-02", "06-03"):
        books.refresh(on(text))

    assert books.everything() == in_order
    assert [row[3] for row in books.daily()] == [1, 1, 1, 1, 0]


def test_a_late_row_builds_its_day_again(books: Books) -> None:
    lead = books.mql(at("06-01 10:00"))
    books.refresh_all(on("06-01"), on("06-03"))
    books.reach(lead, "sal", at("06-01 12:00"), recorded=at("06-04 00:10"))
    books.reach(lead, "sql", at("06-02 12:00"), recorded=at("06-04 00:10"))

    done = books.refresh(on("06-04"))

    assert done.again == (on("06-01"), on("06-02"), on("06-03"))  # the third for its lead times only
    assert books.daily("dt, mqls, sals, sqls") == [(on("06-01"), 1, 1, 0), (on("06-02"), 0, 0, 1)]
    reached = books.ask("select dt, reached from analytics.lead_times where stage = 'sal' and scope = 'all'")
    assert reached == [(on(f"06-0{day}"), 1) for day in (4, 1, 2, 3)]
    assert books.refresh(on("06-04")).again == ()


def test_an_activity_that_arrives_late_moves_a_stage_to_an_earlier_day(books: Books) -> None:
    lead = books.mql(at("06-01 10:00"))
    books.reach(lead, "sal", at("06-02 09:00"))
    books.refresh_all(on("06-01"), on("06-02"))
    books.connection.execute(
        "update lifecycle.transitions set occurred_at = %s where stage = 'sal'", [at("06-01 15:00")]
    )
    books.connection.commit()

    assert books.refresh(on("06-03")).again == (on("06-01"), on("06-02"))
    assert books.daily("dt, mqls, sals") == [(on("06-01"), 1, 1)]
    assert books.ask("select sal_at, dt from analytics.response_times") == [(at("06-01 15:00"), on("06-01"))]


def test_only_so_many_days_are_built_again_and_the_rest_waits(books: Books) -> None:
    books.refresh_all(on("06-01"), on("06-05"))
    books.settings = change(SHIPPED.funnel, dirty_days_at_most=2)
    for number in range(1, 5):
        books.mql(at(f"06-0{number} 10:00"))

    done = books.refresh(on("06-06"))

    assert done.again == (on("06-01"), on("06-02"))
    assert done.waiting == 3
    assert books.ask("select dt, scope from analytics.dirty_days order by dt") == [
        (on("06-03"), "counts"),
        (on("06-04"), "counts"),
        (on("06-05"), "figures"),
    ]
    assert books.refresh(on("06-06")).waiting == 1
    assert books.refresh(on("06-06")).waiting == 0
    assert [row[3] for row in books.daily()] == [1, 1, 1, 1]


def test_a_campaign_renamed_counts_under_its_new_name_on_all_days(books: Books) -> None:
    books.mql(at("06-01 10:00"), campaign="spring")
    books.mql(at("06-02 10:00"), campaign="spring-2026")
    books.mql(at("06-02 10:00"), campaign="easter")
    books.refresh_all(on("06-01"), on("06-02"))
    assert [row[1] for row in books.daily()] == ["spring", "easter", "spring-2026"]
    books.settings = change(SHIPPED.funnel, campaigns={"Spring ": "EASTER", "easter": "Spring-2026"})

    done = books.refresh(on("06-03"))

    assert done.again == (on("06-01"), on("06-02"))
    assert books.daily("dt, campaign, leads, mqls") == [
        (on("06-01"), "spring-2026", 1, 1),
        (on("06-02"), "spring-2026", 2, 2),
    ]
    assert books.ask("select distinct campaign from analytics.events") == [("spring-2026",)]
    assert books.ask("select distinct campaign from analytics.response_times") == [("spring-2026",)]

    books.settings = change(SHIPPED.funnel, campaigns={"winter": "snow"})  # it was a mistake
    books.refresh(on("06-04"))
    assert [row[1] for row in books.daily()] == ["spring", "easter", "spring-2026"]
    assert books.ask("select name, campaign from analytics.campaign_names") == [("winter", "snow")]


def test_names_that_go_round_in_a_circle_are_refused() -> None:
    with pytest.raises(ValueError, match="circle"):
        change(SHIPPED.funnel, campaigns={"a": "b", "b": "a"})


@pytest.mark.parametrize(("first", "last"), [("lost", "won"), ("won", "lost")])
def test_a_deal_reopened_counts_by_its_last_end_and_says_so(books: Books, first: str, last: str) -> None:
    lead = books.mql(at("06-01 10:00"))
    books.reach(lead, first, at("06-02 10:00"), value=500 if first == "won" else None)
    books.refresh_all(on("06-01"), on("06-03"))
    assert books.daily("dt, wons, losts")[1] == (on("06-02"), int(first == "won"), int(first == "lost"))
    books.reach(lead, last, at("06-04 10:00"), value=700 if last == "won" else None)

    done = books.refresh(on("06-04"))

    assert on("06-02") in done.again
    assert books.daily("dt, wons, losts, value, left_out")[1:] == [
        (on("06-02"), 0, 0, 0, 1),
        (on("06-04"), int(last == "won"), int(last == "lost"), 700 if last == "won" else 0, 0),
    ]
    assert books.ask("select dt, stage, reason from analytics.left_out") == [(on("06-02"), first, "reopened")]
    # As known on the third day the first end still stood; on the fourth the last one does.
    won = books.ask(
        "select dt, reached from analytics.lead_times where stage = 'won' and scope = 'all' order by dt"
    )
    assert [reached for _, reached in won][1:] == [1, 1, 0] if first == "won" else [0, 0, 1]


def test_what_precedes_its_mql_is_left_out_and_listed(books: Books) -> None:
    lead = books.mql(at("06-03 10:00"))
    books.reach(lead, "won", at("06-01 10:00"), value=900)
    books.reach(lead, "sql", at("06-03 09:59"))

    books.refresh_all(on("06-01"), on("06-03"))

    assert books.daily("dt, mqls, sqls, wons, value, left_out") == [
        (on("06-01"), 0, 0, 0, 0, 1),
        (on("06-03"), 1, 0, 0, 0, 1),
    ]
    assert books.ask("select stage, reason, value from analytics.left_out order by stage") == [
        ("sql", "before_mql", None),
        ("won", "before_mql", 900),
    ]
    assert books.ask("select cohort_dt, mqls, wons, left_out from analytics.cohort_funnel") == [
        (on("06-03"), 1, 0, 2)
    ]


def test_an_mql_learned_later_gives_its_deal_a_cohort(books: Books) -> None:
    lead = books.lead(at("06-01 10:00"))
    books.reach(lead, "won", at("06-02 10:00"), value=900)
    books.refresh_all(on("06-01"), on("06-02"))
    assert books.ask("select cohort_dt, wons from analytics.cohort_funnel") == [(None, 1)]
    books.reach(lead, "mql", at("06-01 11:00"))

    books.refresh(on("06-03"))

    assert books.ask("select cohort_dt, sum(mqls), sum(wons) from analytics.cohort_funnel group by 1") == [
        (on("06-01"), 1, 1)
    ]


def test_a_lead_merged_after_its_mql_is_one_lead_with_the_earlier_mql(books: Books) -> None:
    older = books.mql(at("06-01 10:00"))
    younger = books.mql(at("06-02 10:00"))
    books.reach(younger, "won", at("06-03 10:00"), value=300)
    books.refresh_all(on("06-01"), on("06-03"))
    assert books.daily("dt, leads, mqls, wons") == [
        (on("06-01"), 1, 1, 0),
        (on("06-02"), 1, 1, 0),
        (on("06-03"), 0, 0, 1),
    ]
    books.connection.execute(
        "insert into identity.people (lead_id, person_id) values (%(a)s, %(a)s), (%(b)s, %(a)s)",
        {"a": older, "b": younger},
    )
    books.connection.execute(
        "update identity.leads set merged_into = %s where lead_id = %s", [older, younger]
    )
    books.connection.commit()

    done = books.refresh(on("06-04"))

    assert done.again == (on("06-01"), on("06-02"), on("06-03"))
    assert books.daily("dt, leads, mqls, wons") == [(on("06-01"), 1, 1, 0), (on("06-03"), 0, 0, 1)]
    assert books.ask("select cohort_dt, mqls, wons, value from analytics.cohort_funnel") == [
        (on("06-01"), 1, 1, 300)
    ]
    assert books.ask("select lead_id, cycle, mql_at from analytics.response_times") == [
        (older, 1, at("06-01 10:00"))
    ]

    books.connection.execute("delete from identity.people")
    books.connection.execute("update identity.leads set merged_into = null")  # they were two after all
    books.connection.commit()
    books.refresh(on("06-04"))
    assert [row[1:] for row in books.daily("dt, leads, mqls, wons")] == [(1, 1, 0), (1, 1, 0), (0, 0, 1)]


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_a_day_on_which_the_clock_changes_has_all_its_hours(books: Books, day: date, hours: int) -> None:
    books.company = change(SHIPPED.company, timezone="Europe/Berlin")
    midnight = datetime.combine(day, datetime.min.time(), books.company.zone)
    books.lead(midnight)
    books.lead(midnight.astimezone(at("01-01 00:00").tzinfo) + timedelta(hours=hours, microseconds=-1))
    books.lead(midnight.astimezone(at("01-01 00:00").tzinfo) + timedelta(hours=hours))  # the next day

    assert books.refresh(day).leads == 2
    assert books.refresh(day + timedelta(days=1)).leads == 1
    (starts_at, ends_at) = books.ask(
        "select starts_at, ends_at from analytics.built_days where dt = %s", day
    )[0]
    assert ends_at - starts_at == timedelta(hours=hours)


def test_another_zone_of_the_company_builds_all_days_anew(books: Books) -> None:
    books.mql(at("06-02 08:00"))  # the second in Tokyo, the first in Berlin (01:00 is 2026-06-02T01:00+02:00)
    books.mql(at("06-02 06:00"))  # 23:00 of the first in Berlin
    books.refresh_all(on("06-01"), on("06-02"))
    assert books.daily("dt, mqls") == [(on("06-02"), 2)]

    books.company = change(SHIPPED.company, timezone="Europe/Berlin")
    done = books.refresh(on("06-03"))

    assert done.again == (on("06-01"), on("06-02"))
    assert books.daily("dt, mqls") == [(on("06-01"), 1), (on("06-02"), 1)]


def test_a_day_that_was_built_before_it_was_over_is_built_again(books: Books) -> None:
    books.now = at("06-01 12:00")
    books.mql(at("06-01 10:00"))
    books.refresh(on("06-01"))
    books.now = at("06-02 00:00")

    assert books.refresh(on("06-02")).again == (on("06-01"),)


def test_a_day_that_has_not_begun_is_refused(books: Books) -> None:
    books.now = at("06-01 12:00")

    with pytest.raises(PermanentError, match="2026-06-02 has not begun in Asia/Tokyo"):
        books.refresh(on("06-02"))


@pytest.mark.parametrize("are_one", [False, True])
def test_leads_that_count_for_nothing_are_in_no_day_and_come_back(books: Books, are_one: bool) -> None:
    buyer, ours, also_ours = (books.mql(at(f"06-01 1{hour}:00")) for hour in range(3))
    books.reach(buyer, "sal", at("06-01 15:00"))
    books.reach(ours, "sal", at("06-01 15:00"))
    if are_one:
        books.connection.execute(
            "insert into identity.people values (%(a)s, %(a)s), (%(b)s, %(a)s)", {"a": ours, "b": also_ours}
        )
        books.connection.execute(
            "update identity.leads set merged_into = %s where lead_id = %s", [ours, also_ours]
        )
        books.connection.commit()

    def count() -> list[Any]:
        books.refresh(on("06-01"))
        return books.ask("select sum(leads), sum(mqls), sum(sals) from analytics.daily_funnel")

    both = (2, 2, 2) if are_one else (3, 3, 2)
    assert count() == [both]
    books.ask("delete from analytics.inbox returning 1")
    books.ask(
        "insert into identity.uncounted_leads select lead_id, 'internal', 'x', now()"
        " from unnest(%s::bigint[]) as ours (lead_id) returning 1",
        [ours, also_ours],
    )
    days = books.ask("select distinct (moment at time zone 'Asia/Tokyo')::date from analytics.inbox")
    assert days == [(on("06-01"),)]
    assert count() == [(1, 1, 1)]
    books.ask("delete from identity.uncounted_leads returning 1")
    assert count() == [both]


def test_the_funnel_is_read_by_day_and_name_and_each_cohort_by_its_mql(books: Books) -> None:
    for day, campaign in ((2, "b"), (2, "a"), (1, "b"), (3, "a"), (4, "a")):
        lead = books.mql(at(f"06-0{day} 10:00"), campaign=campaign)
        books.reach(lead, "sal", at("06-04 12:00"), campaign=campaign)
    nameless = books.lead(at("06-03 10:00"))
    books.reach(nameless, "won", at("06-03 10:00"), campaign=None)
    books.refresh_all(on("06-01"), on("06-05"))
    days = {"first": on("06-02"), "last": on("06-04")}

    def read(**options: Any) -> list[tuple[Any, ...]]:
        return [
            (row.dt.day, row.group, row.leads, row.mqls, row.sals, row.wons)
            for row in read_funnel(books.connection, **days, **options)
        ]

    assert read(by="campaign") == [
        (2, "a", 1, 1, 0, 0),
        (2, "b", 1, 1, 0, 0),
        (3, "a", 1, 1, 0, 0),
        (3, None, 1, 0, 0, 1),
        (4, "a", 1, 1, 3, 0),
        (4, "b", 0, 0, 2, 0),
    ]
    assert read(by="campaign", cohort=True) == [
        (2, "a", 0, 1, 1, 0),
        (2, "b", 0, 1, 1, 0),
        (3, "a", 0, 1, 1, 0),
        (4, "a", 0, 1, 1, 0),
    ]
    assert read() == [(2, None, 2, 2, 0, 0), (3, None, 2, 1, 0, 1), (4, None, 1, 1, 5, 0)]
    assert count_without_cohort(books.connection, **days) == 1
    assert count_without_cohort(books.connection, first=on("06-04"), last=on("06-05")) == 0
