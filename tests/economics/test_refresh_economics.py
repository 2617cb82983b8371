from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from leadops.db import connect
from leadops.economics.refresh_economics import refresh_economics
from leadops.funnel.refresh_funnel import refresh_funnel
from tests.economics.conftest import COMPANY, NOW, Books, settings
from tests.shipped import SHIPPED, change

D = Decimal


@pytest.fixture
def year(books: Books) -> Books:
    """March: 3 MQLs of spring (2 won, 1 lost), 1 of none (won in May); 100,000 for all, 60,000 for spring."""
    books.lead("spring", "2026-03-02", sql="2026-03-10", won="2026-03-20", value="600000")
    books.lead("spring", "2026-03-31", sql="2026-04-02", won="2026-04-10", value="1200000")
    books.lead("spring", "2026-03-05", lost="2026-03-06")
    books.lead(None, "2026-03-09", won="2026-05-04")
    books.lead("autumn", "2026-04-09")
    books.cost("2026-03-01", "ads", "60000", "spring")
    books.cost("2026-03-01", "subscriptions", "100000")
    books.cost("2026-04-01", "events", "50000", "autumn")
    return books


def test_march_by_hand(year: Books) -> None:
    done = year.refresh("2026-05-31")
    # Shared costs by MQLs, 3 : 1: spring bears 75,000 of them, the leads without a campaign 25,000.
    march = year.ratios("2026-05-31", "2026-03-01")
    assert march["spring"]["cost"] == 135_000
    assert march["no_campaign"]["cost"] == 25_000
    # One deal was won in March; of the MQLs of March two, then three were.
    assert (march["spring"]["won"], march["spring"]["cohort_won"], march["total"]["cohort_won"]) == (1, 2, 3)
    assert march["spring"]["cac"] == 135_000
    assert march["spring"]["cohort_cac"] == 67_500
    # A deal of spring is worth 900,000 a year, 75,000 a month: 67,500 are back after 0.9 months.
    assert march["spring"]["payback_months"] == D("0.9")
    # The deal without a value has a CAC but no payback.
    assert march["no_campaign"]["cohort_cac"] == 25_000
    assert march["no_campaign"]["payback_months"] is None
    # The month: 160,000 for 1 deal won in it, or for 3 of its MQLs: 53,333.33.
    assert march["total"]["cac"] == 160_000
    assert march["total"]["cohort_cac"] == D("53333.33")
    april = year.ratios("2026-05-31", "2026-04-01")
    assert april["autumn"]["cac"] is None
    assert april["autumn"]["cohort_open"] == 1
    assert april["spring"]["won"] == 1
    assert done.cost == 210_000
    assert done.won == 3


def test_a_past_day_again_does_not_see_what_came_later(year: Books) -> None:
    year.refresh("2026-05-31")
    year.refresh("2026-03-15")
    march = year.ratios("2026-03-15", "2026-03-01")
    assert march["total"]["cohort_won"] == 0
    assert march["total"]["mqls"] == 3  # the fourth becomes MQL on the 31st
    assert march["total"]["cohort_cac"] is None
    assert not march["total"]["is_over"]
    before = year.connection.execute("select * from economics.months order by 1, 2, 3, 4").fetchall()
    year.refresh("2026-05-31")
    year.refresh("2026-03-15")
    again = year.connection.execute("select * from economics.months order by 1, 2, 3, 4").fetchall()
    assert again == before


def test_what_was_recorded_after_now_is_not_seen(year: Books) -> None:
    done = year.refresh("2026-05-31", now=datetime(2026, 3, 6, tzinfo=UTC))
    assert done.won == 0
    assert year.ratios("2026-05-31", "2026-03-01")["spring"]["mqls"] == 2


def test_days_are_those_of_the_company(books: Books) -> None:
    books.lead("spring", "2026-04-01T00:30")  # 31 March, 15:30 in UTC
    books.refresh("2026-04-01")
    assert set(books.ratios("2026-04-01", "2026-04-01")) == {"spring", "total"}
    assert books.ratios("2026-04-01", "2026-03-01") == {}
    books.refresh("2026-03-31")
    assert books.ratios("2026-03-31", "2026-03-01") == {}
    # The company moves its zone: the same moment is now a March day.
    refresh_economics(
        books.connection,
        day=date(2026, 4, 1),
        settings=settings(),
        company=change(SHIPPED.company, timezone="UTC"),
        now=NOW,
    )
    assert books.ratios("2026-04-01", "2026-03-01")["spring"]["mqls"] == 1


def test_shared_costs_of_a_month_without_leads_stand_in_their_own_line(books: Books) -> None:
    books.cost("2026-03-01", "content", "70000")
    books.refresh("2026-03-31")
    march = books.ratios("2026-03-31", "2026-03-01")
    assert march["shared"]["cost"] == 70_000
    assert march["total"]["cost"] == 70_000


def test_own_line_if_wanted(year: Books) -> None:
    year.refresh("2026-05-31", allocate_by="own_line")
    march = year.ratios("2026-05-31", "2026-03-01")
    assert (march["spring"]["cost"], march["shared"]["cost"]) == (60_000, 100_000)
    assert march["no_campaign"]["cost"] is None  # nobody said what it cost; 0 would say that it was free
    assert march["total"]["cost"] == 160_000


def test_by_won_deals_if_wanted(year: Books) -> None:
    year.refresh("2026-05-31", allocate_by="won")
    assert year.ratios("2026-05-31", "2026-03-01")["spring"]["cost"] == 160_000


def test_hours_are_priced_and_rounded(books: Books) -> None:
    books.cost("2026-03-01", "sales_hours", None, "spring", hours=D("1.01"))
    books.cost("2026-03-01", "sales_hours", "10", "spring", hours=D("5"))  # an amount wins over hours
    done = books.refresh("2026-03-31")
    assert done.cost == D("6070.00")  # 1.01 hours at 6,000, and 10


def test_a_deal_won_before_it_was_mql_is_left_out_and_counted(books: Books) -> None:
    books.lead("spring", "2026-03-20", won="2026-03-18", value="9")
    books.refresh("2026-05-31")
    march = books.ratios("2026-05-31", "2026-03-01")["spring"]
    assert (march["won"], march["cohort_won"], march["left_out"], march["mqls"]) == (0, 0, 1, 1)
    assert march["cohort_value"] == 0


def test_a_deal_re_opened_counts_by_its_later_end(books: Books) -> None:
    books.lead("spring", "2026-03-02", lost="2026-03-05", won="2026-04-06", value="500")
    books.lead("spring", "2026-03-02", won="2026-03-05", lost="2026-04-06", value="700")
    books.refresh("2026-03-31")
    march = books.ratios("2026-03-31", "2026-03-01")["spring"]
    assert (march["cohort_won"], march["cohort_lost"], march["won"], march["value"]) == (1, 1, 1, 700)
    books.refresh("2026-04-30")
    march = books.ratios("2026-04-30", "2026-03-01")["spring"]
    assert (march["cohort_won"], march["cohort_lost"], march["won"]) == (1, 1, 0)
    assert march["cohort_value"] == 500
    assert books.ratios("2026-04-30", "2026-04-01")["spring"]["won"] == 1


def test_a_cohort_is_ripe_when_its_youngest_lead_is_old_enough(books: Books) -> None:
    books.lead("spring", "2026-03-02")
    books.refresh("2026-06-28")  # its end is the 89th day after the end of March
    assert not books.ratios("2026-06-28", "2026-03-01")["spring"]["is_mature"]
    books.refresh("2026-06-29")
    ripe = books.ratios("2026-06-29", "2026-03-01")["spring"]
    assert (ripe["is_mature"], ripe["maturity_days"], ripe["maturity_source"]) == (True, 90, "setting")


def test_an_empty_day_writes_nothing_and_is_no_error(books: Books) -> None:
    done = books.refresh("2026-03-31")
    assert (done.rows, done.cost, done.won) == (0, 0, 0)


def test_older_months_than_wanted_are_not_written(year: Books) -> None:
    year.refresh("2026-05-31", months=1)
    assert year.ratios("2026-05-31", "2026-03-01") == {}
    assert COMPANY.currency == year.ratios("2026-05-31", "2026-05-01")["total"]["currency"]


def test_a_run_that_dies_leaves_what_was_there(year: Books) -> None:
    year.refresh("2026-05-31")
    year.connection.commit()
    year.connection.execute("alter table economics.months add check (cost < 1) not valid")
    with pytest.raises(Exception, match="check"):
        year.refresh("2026-05-31")
    year.connection.rollback()
    assert year.ratios("2026-05-31", "2026-03-01")["total"]["cost"] == 160_000


def test_a_renamed_campaign_counts_under_its_name_now_with_its_costs(year: Books) -> None:
    year.connection.execute("insert into analytics.campaign_names values ('spring', 'spring-2026')")
    year.refresh("2026-05-31")
    march = year.ratios("2026-05-31", "2026-03-01")
    assert "spring" not in march
    assert (march["spring-2026"]["cost"], march["spring-2026"]["cohort_won"]) == (135_000, 2)
    assert year.ratios("2026-05-31", "2026-04-01")["spring-2026"]["won"] == 1


def test_a_lead_that_turned_out_to_be_another_counts_once(books: Books) -> None:
    older = books.lead("spring", "2026-03-02")
    younger = books.lead("spring", "2026-03-03", won="2026-03-20", value="100")
    books.refresh("2026-05-31")
    assert books.ratios("2026-05-31", "2026-03-01")["spring"]["mqls"] == 2
    books.connection.execute(
        "insert into identity.people (lead_id, person_id) values (%s, %s), (%s, %s)",
        [older, older, younger, older],
    )
    books.refresh("2026-05-31")
    march = books.ratios("2026-05-31", "2026-03-01")["spring"]
    assert (march["mqls"], march["cohort_won"], march["cohort_open"], march["won"]) == (1, 1, 0, 1)


def test_the_months_are_the_sums_of_the_funnels_days(year: Books) -> None:
    for day in ("03-20", "04-10", "05-04", "03-02", "03-31", "03-05", "03-09", "04-09", "03-06"):
        refresh_funnel(
            year.connection,
            day=date.fromisoformat(f"2026-{day}"),
            company=COMPANY,
            settings=SHIPPED.funnel,
            contract=SHIPPED.kpi,
            policy=SHIPPED.sla,
            now=NOW,
        )
    year.refresh("2026-05-31")
    funnel = year.connection.execute(
        "select date_trunc('month', dt)::date, campaign, sum(mqls), sum(wons), sum(value)"
        " from analytics.daily_funnel group by 1, 2 having sum(mqls + wons) > 0"
    ).fetchall()
    months = year.connection.execute(
        "select month, campaign, mqls, won, value from economics.months where mqls + won > 0"
    ).fetchall()
    assert len(months) == 5
    assert sorted(months, key=str) == sorted(funnel, key=str)


def test_two_refreshes_of_a_day_at_once_write_it_once(year: Books, database_url: str) -> None:
    year.connection.commit()

    def run(_: int) -> int:
        with connect(database_url) as connection:
            return Books(connection).refresh("2026-05-31").rows

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(run, range(2)))) == 1
    assert year.ratios("2026-05-31", "2026-03-01")["total"]["cost"] == 160_000
