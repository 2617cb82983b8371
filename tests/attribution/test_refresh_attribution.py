from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from leadops.attribution.attribution_settings import MODELS
from leadops.db import connect
from leadops.errors import PermanentError
from tests.attribution.conftest import DAY, NOON, Market, settings_with
from tests.shipped import SHIPPED, change


def test_each_model_says_what_one_path_is_worth(market: Market) -> None:
    market.lead(1)
    for days, channel in ((9, "email"), (8, "ads"), (3, "ads"), (2, "webinar")):
        market.touch(1, days, channel)
    market.convert(1, 1, value="100.00")

    done = market.refresh()

    assert (done.conversions, done.value, done.touches, done.note) == (1, Decimal("100.00"), 4, None)
    assert market.credits("last_touch") == {"webinar": 1}
    assert market.credits("first_touch") == {"email": 1}
    assert market.credits("linear", column="value") == {"email": 25, "ads": 50, "webinar": 25}
    assert market.credits("u_shape", column="value") == {"email": 40, "ads": 20, "webinar": 40}
    shares = {"email": Decimal("33.34"), "ads": Decimal("33.33"), "webinar": Decimal("33.33")}
    assert market.credits("shapley", column="value") == shares
    assert sum(market.credits("markov", column="value").values()) == 100
    assert len(MODELS) == 7


def test_a_touch_after_the_conversion_never_counts(market: Market) -> None:
    market.lead(1)
    market.touch(1, 5, "email")
    market.convert(1, 3)
    market.touch(1, 2, "ads")
    market.refresh()
    for model in MODELS:
        assert market.credits(model) == {"email": 1}


def test_conversions_without_a_touch_are_in_every_total(market: Market) -> None:
    for lead in (1, 2, 3):
        market.lead(lead)
        market.convert(lead, 3, value="10.00")
    market.touch(1, 5, "email", "spring")
    done = market.refresh()
    assert (done.conversions, done.untouched) == (3, 2)
    for model in MODELS:
        assert market.credits(model) == {"email": 1, "(none)": 2}
        assert market.credits(model, "campaign", "value") == {"spring": 10, "(none)": 20}


def test_each_campaign_has_its_window(market: Market) -> None:
    market.settings = settings_with(windows__days=10, windows__campaigns={"fair": 40})
    market.lead(1)
    market.touch(1, 41.5, "webinar", "fair")
    market.touch(1, 39.5, "ads", "fair")
    market.touch(1, 11.5, "email", "spring")
    market.convert(1, 1)
    done = market.refresh()
    assert market.credits("first_touch") == {"ads": 1}
    # The two that are out of their windows led nowhere: they make one null path.
    assert (done.touches, null_paths(market)) == (3, 1)


def test_a_second_conversion_has_a_path_of_its_own(market: Market) -> None:
    """Re-opened: the touches before the first conversion are spent."""
    market.lead(1)
    market.touch(1, 20, "ads")
    market.convert(1, 15, value="100", stage="won", cycle=1)
    market.touch(1, 9, "email")
    market.touch(1, 8, "webinar")
    market.convert(1, 5, value="51", stage="won", cycle=2)
    market.settings = settings_with(conversion__stage="won")
    market.refresh()
    assert market.credits("linear", column="value") == {
        "ads": 100, "email": Decimal("25.50"), "webinar": Decimal("25.50")
    }  # fmt: skip


def test_what_the_funnel_leaves_out_is_no_conversion(market: Market) -> None:
    market.settings = settings_with(conversion__stage="won")
    market.lead(1)
    market.touch(1, 20, "ads")
    market.convert(1, 10, value="100", stage="won")
    market.convert(1, 5, stage="lost")
    market.lead(2)
    market.convert(2, 10, value="7", stage="won")
    market.convert(2, 9, stage="mql")
    market.lead(3)
    market.convert(3, 10, stage="lost")
    market.convert(3, 9, value="3", stage="won")
    assert (done := market.refresh()).conversions == 1
    assert done.value == 3


def test_touches_of_one_moment_are_in_the_order_of_their_arrival(market: Market) -> None:
    market.lead(1)
    for channel in ("ads", "email", "webinar"):
        market.touch(1, 5, channel)
    market.convert(1, 5)
    market.refresh()
    assert (market.credits("first_touch"), market.credits("last_touch")) == ({"ads": 1}, {"webinar": 1})


def test_leads_that_are_one_person_are_one(market: Market) -> None:
    """Lead 2 turned out to be lead 1 after its MQL: the touches of both led to it."""
    market.lead(1)
    market.lead(2, merged_into=1)
    market.connection.execute("insert into identity.people values (1, 1), (2, 1)")
    market.touch(1, 5, "email")
    market.touch(2, 4, "ads")
    market.convert(2, 3)
    done = market.refresh()
    assert (done.conversions, null_paths(market)) == (1, 0)
    assert market.credits("linear") == {"email": Decimal("0.5"), "ads": Decimal("0.5")}


def test_nobodys_events_and_events_without_a_channel_are_no_touches(market: Market) -> None:
    market.lead(1)
    market.touch(None, 5, "ads")
    market.touch(1, 5, None, event="page_view")
    market.touch(1, 5, "email", event="mail_open")
    market.touch(1, 4, None)
    market.touch(1, 3, None, event="mail_click")
    market.convert(1, 1)
    assert market.refresh().touches == 2
    assert market.credits("linear") == {"ads": Decimal("0.5"), "email": Decimal("0.5")}


def test_channels_have_one_name_and_renamed_campaigns_their_name_now(market: Market) -> None:
    market.connection.execute("insert into analytics.campaign_names values ('spring 25', 'spring')")
    market.lead(1)
    market.touch(1, 5, "CPC", "Spring 25")
    market.touch(1, 4, "social", "spring", properties={"channel": "  paid search "})
    market.convert(1, 1)
    # Of one name and within a day, but not within one visit.
    assert market.refresh().touches == 2
    assert market.credits("linear") == {"paid search": 1}
    assert market.credits("linear", "campaign") == {"spring": 1}


def test_the_first_contact_of_an_imported_lead_is_a_touch(market: Market) -> None:
    earlier = NOON - timedelta(days=20)
    market.lead(1, email=None, first_event_seq=None, source="organic", campaign="landing", created_at=earlier)
    market.touch(1, 4, "ads")
    market.convert(1, 1)
    market.refresh()
    assert market.credits("first_touch") == {"organic": 1}
    assert market.credits("first_touch", "campaign") == {"landing": 1}
    market.settings = settings_with(touches__imported=False)
    market.refresh()
    assert market.credits("first_touch") == {"ads": 1}


def test_beyond_the_most_names_there_are_others(market: Market) -> None:
    market.settings = settings_with(names__most=1)
    market.lead(1)
    for days, channel in ((9, "ads"), (8, "email"), (7, "ads"), (6, "fax")):
        market.touch(1, days, channel)
    market.convert(1, 1)
    market.refresh()
    assert market.credits("linear") == {"ads": Decimal("0.5"), "(other)": Decimal("0.5")}


def test_under_the_minimum_there_is_a_note_and_no_number(market: Market) -> None:
    market.settings = settings_with(evidence__min_conversions=2)
    market.lead(1)
    market.touch(1, 5, "email")
    market.convert(1, 1)
    done = market.refresh()
    assert done.note == "1 conversions; 2 are needed for a number"
    rows = market.connection.execute(
        "select breakdown, model, campaign, channel, num_nonnulls(conversions, conversions_low, value), note"
        " from attribution.credits"
    ).fetchall()
    assert len(rows) == 2 * len(MODELS)
    assert {row[2:] for row in rows} == {("(all)", "(all)", 0, done.note)}


def test_an_empty_day_says_so(market: Market) -> None:
    done = market.refresh()
    assert (done.conversions, done.value, done.touches) == (0, 0, 0)
    assert done.note == "0 conversions; 1 are needed for a number"
    market.settings = settings_with(evidence__min_conversions=0)
    assert market.refresh().rows == 0


def test_a_day_is_counted_in_the_companys_zone(market: Market) -> None:
    """Days of Berlin around the night to 29 March 2026, in which the clock goes forward."""
    market.company = change(SHIPPED.company, timezone="Europe/Berlin")
    market.settings = settings_with(period_days=1)
    for lead, at in (
        (1, "2026-03-28T22:59"),
        (2, "2026-03-28T23:00"),
        (3, "2026-03-29T21:59"),
        (4, "2026-03-29T22:00"),
    ):
        market.lead(lead)
        market.convert(lead, (NOON - datetime.fromisoformat(f"{at}Z")) / timedelta(days=1))
    found = [market.refresh(date(2026, 3, day)).conversions for day in (28, 29, 30)]
    assert found == [1, 2, 1]


def test_another_zone_has_other_days(market: Market) -> None:
    """16:00 in Berlin is 23:00 in Tokyo: the 30th in both; an hour later it is the 1st of July in Tokyo."""
    for lead, hour in ((1, 14), (2, 15)):
        market.lead(lead)
        market.convert(lead, (NOON - datetime(2026, 6, 30, hour, tzinfo=UTC)) / timedelta(days=1))
    market.settings = settings_with(period_days=1)
    assert market.refresh().conversions == 1
    market.company = change(SHIPPED.company, timezone="Europe/Berlin")
    assert market.refresh().conversions == 2


def test_a_day_that_has_not_begun_is_refused(market: Market) -> None:
    with pytest.raises(PermanentError, match="2026-07-01 has not begun in Asia/Tokyo"):
        market.refresh(date(2026, 7, 1))


def test_what_happens_later_changes_no_past_day_and_the_order_of_days_does_not_matter(market: Market) -> None:
    market.settings = settings_with(period_days=10)
    for lead in range(1, 6):
        market.lead(lead)
        market.touch(lead, lead * 3, "email" if lead % 2 else "ads")
        market.convert(lead, lead * 2)
    days = [DAY - timedelta(days=number) for number in range(12)]
    for day in days:
        market.refresh(day)
    before = stored(market)
    market.touch(1, -3, "late")
    market.convert(1, -2, cycle=2)
    for day in [*reversed(days), days[3]]:
        market.refresh(day)
    assert stored(market) == before
    assert len(before) > 100


def test_what_comes_late_is_taken_up_when_the_day_is_run_again(market: Market) -> None:
    market.lead(1)
    market.touch(1, 5, "email")
    market.refresh()
    market.convert(1, 1)
    assert market.refresh().conversions == 1
    assert market.credits() == {"email": 1}


def test_a_run_that_dies_leaves_what_was_there(market: Market) -> None:
    market.lead(1)
    market.touch(1, 5, "email")
    market.convert(1, 1)
    market.refresh()
    market.connection.commit()
    before = stored(market)
    market.convert(1, 0, cycle=2)
    market.connection.commit()
    market.connection.execute(
        "create function pg_temp.refuse() returns trigger language plpgsql as"
        " $$ begin raise exception 'killed'; end $$;"
        " create trigger refuse before insert on attribution.credits"
        " for each row when (new.model = 'markov') execute function pg_temp.refuse()"
    )
    market.connection.commit()
    with pytest.raises(psycopg.errors.RaiseException):
        market.refresh()
    market.connection.rollback()
    assert stored(market) == before


def test_two_refreshes_of_a_day_at_once_wait_for_each_other(market: Market, database_url: str) -> None:
    market.lead(1)
    market.touch(1, 5, "email")
    market.convert(1, 1)
    market.connection.commit()

    def refresh(_: int) -> int:
        with connect(database_url) as other:
            return Market(other).refresh().rows

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(refresh, range(8)))) == 1
    assert market.credits() == {"email": 1}


def test_a_day_takes_nothing_from_before_its_windows(market: Market) -> None:
    market.settings = settings_with(period_days=2, windows__days=5)
    market.lead(1)
    market.lead(2)
    market.touch(1, 7.5, "ads")
    market.touch(2, 400, "ads")
    market.touch(1, 6, "email")
    market.convert(1, 1.4)
    done = market.refresh()
    assert (done.touches, done.conversions, null_paths(market)) == (1, 1, 0)


def null_paths(market: Market) -> int:
    row = market.connection.execute("select null_paths from attribution.periods").fetchone()
    assert row
    return int(row[0])


def stored(market: Market) -> list[tuple[Any, ...]]:
    tables = [
        market.connection.execute(f"select * from attribution.{table} order by {keys}").fetchall()
        for table, keys in (("periods", "dt"), ("credits", "dt, breakdown, model, campaign, channel"))
    ]
    return [row for table in tables for row in table]


def test_whoever_counts_for_nothing_has_neither_conversions_nor_touches(market: Market) -> None:
    for lead, channel in ((market.lead(1), "email"), (market.lead(2), "social")):
        market.touch(lead, 3, channel)
        market.convert(lead, 1)
    market.refresh()
    assert market.credits() == {"email": 1, "social": 1}
    market.connection.execute("insert into identity.uncounted_leads values (2, 'internal', 'x', now())")
    market.refresh()
    for model in ("last_touch", "markov", "first_touch"):
        assert market.credits(model) == {"email": 1}


@pytest.mark.parametrize(
    ("stage", "channels"), [("mql", {"email"}), ("sql", {"email"}), ("won", {"email", "social"})]
)
def test_a_customers_colleague_is_a_conversion_when_they_buy(
    market: Market, stage: str, channels: set[str]
) -> None:
    """Lead 1 is new, though an earlier cycle was apart; lead 2 is a customer's colleague."""
    for lead, channel, means in ((market.lead(1), "email", "count"), (market.lead(2), "social", "tell")):
        market.touch(lead, 6, channel)
        market.convert(lead, 5, stage="mql", account={"state": "customer", "means": means, "lead_id": 9})
        market.convert(lead, 4, stage="sql")
        market.convert(lead, 3, stage="won", value="100")
    market.convert(1, 20, stage="mql", cycle=0, account={"state": "customer", "means": "tell", "lead_id": 9})
    market.settings = settings_with(conversion__stage=stage)
    assert market.refresh().conversions == len(channels)
    assert set(market.credits()) == channels
