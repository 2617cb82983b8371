"""62,483 real touches of 7,896 customers, in no order of time, and what every model makes of them."""

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadops.attribution.attribution_settings import MODELS
from leadops.attribution.refresh_attribution import AttributionRefreshResult, refresh_attribution
from leadops.db import Connection, connect
from leadops.events.event_mapping import EventMapping
from leadops.identity.resolve import resolve_events
from leadops_stack.postgres import PostgresServer
from tests.async_view import accept_events
from tests.attribution.conftest import settings_with
from tests.cluster import database_of
from tests.left_as_found import count_rows, restore_rows, share
from tests.shipped import SHIPPED

pytestmark = pytest.mark.real_data

ROOT = Path(__file__).parents[2]
FILE = (
    ROOT / os.environ.get("LEADOPS_REAL_DATA", "../shared/data") / "attribution_touches/attribution_data.csv"
)
#: The day in Tokyo on which the last touches of July in UTC fall.
DAY = date(2018, 8, 1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
CONVERSIONS, VALUE = 1_838, Decimal("11423.5")
#: Channels are compared without case.
LAST_TOUCH = {
    "facebook": 561,
    "paid search": 457,
    "online video": 350,
    "instagram": 237,
    "online display": 233,
}

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def rows() -> Rows:
    if not FILE.exists():
        pytest.skip(f"{FILE} is missing; set LEADOPS_REAL_DATA to the folder of real data")
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def all_touches(postgres: PostgresServer, rows: Rows) -> Iterator[str]:
    """A database with all of them, in the order of the file, each tied to its lead."""
    mapping = EventMapping.model_validate(
        yaml.safe_load((ROOT / "docs/mappings/attribution_touches.yaml").read_text(encoding="utf-8"))
    )
    with database_of(postgres, "real_touches") as url, connect(url) as connection:
        events: list[object] = [
            mapping.make_event(row) | {"event_id": f"row-{number}"} for number, row in enumerate(rows)
        ]
        settings = SHIPPED.events
        taken = accept_events(connection, events, now=NOW, settings=settings, history=True)
        assert taken.accepted == len(rows)
        resolve_events(connection, now=NOW, settings=SHIPPED.identity)
        connection.commit()
        with share("the touches", lambda: count_rows(url), fixture="all_touches"):
            yield url


@pytest.fixture
def touched(all_touches: str) -> Iterator[Connection]:
    """The same for each test: what it computes from the touches goes with it."""
    with restore_rows(all_touches), connect(all_touches) as connection:
        yield connection


def refresh(connection: Connection, **changes: Any) -> AttributionRefreshResult:
    """Sent forms are conversions, each touch counts."""
    settings = settings_with(
        conversion__stage=None, conversion__event="submit_form", touches__visit_minutes=0, **changes
    )
    return refresh_attribution(connection, day=DAY, settings=settings, company=SHIPPED.company, now=NOW)


def credits(connection: Connection, model: str, column: str = "conversions") -> dict[str, Decimal]:
    return dict(
        connection.execute(
            f"select channel, {column} from attribution.credits where breakdown = 'channel' and model = %s",
            [model],
        ).fetchall()
    )


def test_every_model_ties_to_the_conversions_and_to_their_value(touched: Connection) -> None:
    done = refresh(touched)
    assert (done.conversions, done.value, done.touches) == (CONVERSIONS, VALUE, 62_483)
    sums = touched.execute(
        "select breakdown, model, sum(conversions), sum(value), min(conversions_high - conversions_low)"
        " from attribution.credits group by breakdown, model"
    ).fetchall()
    assert {row[:2] for row in sums} == {(by, model) for by in ("channel", "campaign") for model in MODELS}
    assert {row[2:4] for row in sums} == {(CONVERSIONS, VALUE)}
    assert all(row[4] > 0 for row in sums)


def test_the_last_touch_is_the_channel_of_the_conversions_own_row(touched: Connection, rows: Rows) -> None:
    refresh(touched)
    conversions = (row for row in rows if row["interaction"] == "conversion")
    assert Counter(row["channel"].lower() for row in conversions) == LAST_TOUCH
    assert credits(touched, "last_touch") == LAST_TOUCH


def test_rows_out_of_order_are_put_in_order_of_time(touched: Connection, rows: Rows) -> None:
    """First touch and linear by a plain loop over sorted rows; the order of the file gives another answer."""
    refresh(touched)
    paths = list_paths(sorted(rows, key=lambda row: row["time"]))
    assert credits(touched, "first_touch") == Counter(path[0] for path in paths)
    linear: Counter[str] = Counter()
    for path in paths:
        for channel in path:
            linear[channel] += Decimal(1) / len(path)  # type: ignore[assignment]
    for channel, credit in credits(touched, "linear").items():
        # A millionth too much or too little in each conversion at most.
        assert credit == pytest.approx(linear[channel], abs=CONVERSIONS * Decimal("0.000001"))
    assert Counter(path[0] for path in list_paths(rows)) != Counter(path[0] for path in paths)


def test_conversions_that_nothing_came_before_are_told_apart(touched: Connection, rows: Rows) -> None:
    """With impressions alone as touches; a conversion's own row is none."""
    done = refresh(touched, touches__events={"ad_click": None})
    alone = sum(len(path) == 1 for path in list_paths(sorted(rows, key=lambda row: row["time"])))
    assert (done.conversions, done.value, done.untouched) == (CONVERSIONS, VALUE, alone)
    for model in MODELS:
        assert credits(touched, model)["(none)"] == alone
        assert sum(credits(touched, model).values()) == CONVERSIONS
        assert sum(credits(touched, model, "value").values()) == VALUE


def test_the_same_again_is_the_same(touched: Connection) -> None:
    def stored() -> list[tuple[Any, ...]]:
        return touched.execute(
            "select * from attribution.credits order by breakdown, model, channel"
        ).fetchall()

    refresh(touched)
    before = stored()
    refresh(touched)
    assert stored() == before


def list_paths(rows: Rows) -> list[list[str]]:
    """The channels that led to each conversion, its own last, as the order of `rows` says."""
    open_paths: defaultdict[str, list[str]] = defaultdict(list)
    paths = []
    for row in rows:
        open_paths[row["customer_id"]].append(row["channel"].lower())
        if row["interaction"] == "conversion":
            paths.append(open_paths.pop(row["customer_id"]))
    return paths
