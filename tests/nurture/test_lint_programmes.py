"""What `leadops nurture lint` finds in a file, and that it finds nothing in the shipped one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.nurture.lint_programmes import lint_messages, lint_programmes, lint_times
from leadops.nurture.nurture_settings import NurtureSettings
from tests.shipped import SHIPPED

SINCE = datetime(2026, 5, 1, tzinfo=UTC)
STEP = {"delay": "1h", "message": "m", "stale_after": "2d"}


def make_settings(*steps: dict[str, Any], **changes: Any) -> NurtureSettings:
    """Return settings with one programme `p` of these steps, and one message `m`."""
    message = SHIPPED.nurture.messages["pricing.comparison.v1"].model_dump()
    body = SHIPPED.nurture.model_dump(by_alias=True)
    programme = {
        "entry": [{"event": "view_pricing"}],
        "takes_members": True,
        "reentry_after": None,
        "holdout_share": 0.1,
        "exits": ["sal", "opt_out"],
        "steps": [STEP | {"name": f"s{number}"} | step for number, step in enumerate(steps)],
    }
    return NurtureSettings.model_validate(
        body | {"programmes": {"p": programme}, "messages": {"m": message, "n": message}} | changes
    ).in_company(SHIPPED.company)


def keep_event(connection: Connection, event: str, received_at: datetime, **properties: Any) -> None:
    """Keep an event as the gateway does, with only what these tests look at."""
    connection.execute(
        "insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
        " values (%s, %s, %s, %s, %s, 'write_key')",
        [f"{event}-{received_at}", event, received_at, received_at, Jsonb({"properties": properties})],
    )


def test_nothing_is_odd_about_the_shipped_file(connection: Connection) -> None:
    for event in ("view_pricing", "webinar_attend"):
        keep_event(connection, event, SINCE + timedelta(days=1), percent=10)
    findings = lint_programmes(
        connection, SHIPPED.nurture, locales=SHIPPED.scoring.page_locales, since=SINCE, gaps={}
    )
    assert [finding.text for finding in findings if "came since" not in finding.text] == [
        "no sender sent page_view since 2026-05-01"
    ]


def test_events_that_nobody_sends(connection: Connection) -> None:
    settings = make_settings(
        {
            "depth": [
                {
                    "name": "d",
                    "event": "webinar_attend",
                    "when": {"properties.percent": {"above": 75}},
                    "message": "n",
                }
            ]
        }
    )

    def look() -> list[tuple[bool, str, str]]:
        found = lint_programmes(connection, settings, locales=[], since=SINCE, gaps={})
        return [(finding.is_never, finding.place, finding.text) for finding in found]

    assert look() == [
        (True, "p.entry[0]", "no sender sent view_pricing since 2026-05-01"),
        (True, "p.s0.d", "no sender sent webinar_attend since 2026-05-01"),
    ]
    keep_event(connection, "view_pricing", SINCE - timedelta(seconds=1))
    keep_event(connection, "webinar_attend", SINCE, percent=75)
    assert look() == [
        (True, "p.entry[0]", "no sender sent view_pricing since 2026-05-01"),
        (False, "p.s0.d", "webinar_attend came since 2026-05-01, but none of them fits"),
    ]
    keep_event(connection, "view_pricing", SINCE)
    keep_event(connection, "webinar_attend", SINCE + timedelta(days=1), percent=76)
    assert look() == []


def test_a_condition_that_contradicts_itself(connection: Connection) -> None:
    settings = make_settings(
        {"depth": [{"name": "d", "when": {"properties.plan": {"equals": "a", "in": ["b"]}}, "message": "n"}]}
    )
    keep_event(connection, "view_pricing", SINCE)
    findings = lint_programmes(connection, settings, locales=[], since=SINCE, gaps={})
    assert [(finding.is_never, finding.place, finding.text) for finding in findings] == [
        (True, "p.s0.d", "the conditions on properties.plan contradict each other: no value fits")
    ]


@pytest.mark.parametrize(
    ("steps", "eaten"),
    [
        # Three messages in 7 days, and each is stale 2 days after its hour.
        (["0h", "1d", "2d", "3d"], ["p.s3"]),
        (["0h", "1d", "2d", "5d"], []),  # stale at 7 days, when the first one counts no more
        (["0h", "1h", "2h", "3h", "8d"], ["p.s3"]),
        (["0h", "1h", "2h"], []),
    ],
)
def test_a_cap_that_always_eats_a_step(steps: list[str], eaten: list[str]) -> None:
    settings = make_settings(
        *({"delay": delay, "message": "m"} for delay in steps),
        frequency_cap={"messages": 3, "per_days": 7},
    )
    found = [finding.place for finding in lint_times(settings) if "frequency cap" in finding.text]
    assert found == eaten
    assert not list(lint_times(make_settings(*({"delay": delay} for delay in steps), frequency_cap=None)))


@pytest.mark.parametrize(
    ("hours", "next_day_at", "found"),
    [
        ({"from": "20:00", "until": "08:00"}, "09:00", False),
        ({"from": "20:00", "until": "08:00"}, "08:00", False),
        ({"from": "20:00", "until": "08:00"}, "07:59", True),
        ({"from": "20:00", "until": "08:00"}, "20:00", True),
        ({"from": "12:00", "until": "13:00"}, "12:30", True),
        ({"from": "12:00", "until": "13:00"}, "13:00", False),
        (None, "03:00", False),
    ],
)
def test_an_hour_in_the_quiet_hours(hours: dict[str, str] | None, next_day_at: str, found: bool) -> None:
    settings = make_settings({"delay": "next_day"}, quiet_hours=hours, next_day_at=next_day_at)
    assert ["next_day_at" in finding.text for finding in lint_times(settings)] == [True] * found


def test_a_step_that_is_stale_before_the_next_run() -> None:
    steps = [{"stale_after": "5min"}, {"delay": "2h", "stale_after": "6min"}]
    findings = lint_times(make_settings(*steps, quiet_hours=None))
    assert [(finding.is_never, finding.place) for finding in findings] == [(True, "p.s0")]


def test_messages() -> None:
    assert [
        (finding.is_never, finding.place, finding.text) for finding in lint_messages(make_settings({}, {}))
    ] == [
        (False, "p.s1", "a step above sends m too"),
        (True, "n", "no step sends this message"),
    ]


def test_steps_without_a_counterpart_in_the_product(connection: Connection) -> None:
    keep_event(connection, "view_pricing", SINCE)
    settings = make_settings(
        {}, messages={"m": SHIPPED.nurture.messages["pricing.comparison.v1"].model_dump()}
    )
    gaps = {("p", "s0"): "programmes has no p.s0"}
    findings = lint_programmes(connection, settings, locales=[], since=SINCE, gaps=gaps)
    assert [(finding.is_never, finding.place, finding.text) for finding in findings] == [
        (True, "p.s0", "programmes has no p.s0")
    ]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("1h", "1h", (True, "it is due together with s1, which goes out in its place")),
        ("next_day", "next_day", (True, "it is due together with s1, which goes out in its place")),
        # The next day at 09:00 comes 9 hours after midnight at the earliest.
        ("9h", "next_day", None),
        (
            "10h",
            "next_day",
            (False, "who enters late in the day is due for s1 first, which goes out in its place"),
        ),
        ("1h", "2h", None),
    ],
)
def test_a_step_that_the_next_one_overtakes(
    first: str, second: str, expected: tuple[bool, str] | None
) -> None:
    settings = make_settings({"delay": first}, {"delay": second, "message": "n"})
    found = [(finding.is_never, finding.text) for finding in lint_times(settings)]
    assert found == ([expected] if expected else [])
