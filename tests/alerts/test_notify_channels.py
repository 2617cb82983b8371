"""From a problem on record to PagerDuty and Slack over real HTTP, and what each says when the other fails."""

import json
import logging
import threading
from datetime import datetime
from typing import Any

import jsonschema
import pytest

from leadops.alerts.checks import CHECKS
from leadops.alerts.notify_channels import ChannelsResult, notify_channels
from leadops.clients.chat import ApiChat
from leadops.clients.pagerduty import PagerDuty
from leadops.db import Connection, connect
from leadops.errors import ConfigError
from leadops.incidents.incident import acknowledge, open_incident
from leadops.incidents.run_checks import run_checks
from tests.alerts.checking import CALENDAR
from tests.alerts.conftest import CALM, Clock, Slack
from tests.alerts.pager import PagerService, pager
from tests.shipped import SHIPPED, change

__all__ = ["pager"]

#: The published description of an event, written by hand: what is required, and how long it may be.
EVENT_SCHEMA = {
    "type": "object",
    "required": ["payload", "client", "events", "dedup_key", "status"],
    "properties": {
        "dedup_key": {"type": "string", "minLength": 1, "maxLength": 255},
        "payload": {
            "type": "object",
            "required": ["summary", "source", "severity"],
            "additionalProperties": False,
            "properties": {
                "summary": {"type": "string", "minLength": 1, "maxLength": 1024},
                "source": {"type": "string", "minLength": 1},
                "severity": {"enum": ["critical", "error", "warning", "info"]},
                "timestamp": {"type": "string", "format": "date-time"},
                "component": {"type": "string"},
                "group": {"type": "string"},
                "class": {"type": "string"},
                "custom_details": {"type": "object"},
            },
        },
        "links": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["href"],
                "additionalProperties": False,
                "properties": {"href": {"type": "string", "format": "uri"}, "text": {"type": "string"}},
            },
        },
    },
}


class World:
    """One database, both channels, and a clock that a test moves."""

    def __init__(self, connection: Connection, slack: Slack, pager: PagerService, clock: Clock) -> None:
        self.connection, self.slack, self.pager, self.clock = connection, slack, pager, clock
        self.chat: ApiChat = slack.chat()
        self.client: PagerDuty | None = pager.client()

    def fail(self, subject: str, kind: str = "dag_failed", **facts: Any) -> int:
        facts = {"dag_id": subject, "run_id": "scheduled__1", "task_id": "push", "try_number": 2} | facts
        incident_id = open_incident(
            self.connection, kind=kind, subject=subject, facts=facts, now=self.clock()
        )
        self.connection.commit()
        assert incident_id is not None
        return incident_id

    def recover(self, *subjects: str) -> None:
        self.connection.execute(
            "update incidents.incidents set state = 'resolved', resolved_at = %s"
            " where subject = any(%s) and state = 'open'",
            [self.clock(), list(subjects)],
        )
        self.connection.commit()

    def notify(self, connection: Connection | None = None, **changed: Any) -> ChannelsResult:
        return notify_channels(
            connection or self.connection,
            open_chat=lambda _: self.chat,
            open_pager=lambda: self.client,
            settings=change(CALM, **changed),
            company=SHIPPED.company,
            clock=self.clock,
            sleep=lambda seconds: None,
        )

    def check(self) -> None:
        """Do what check_alerts does first."""
        self.connection.commit()
        run_checks(self.connection, CHECKS, settings=CALM, calendar=CALENDAR, now=self.clock())

    def minutes(self, number: int) -> None:
        """Let check_alerts run for so many minutes."""
        for _ in range(number):
            self.clock.forward(minutes=1)
            self.check()
            self.notify()

    def texts(self) -> list[str]:
        return [message["text"] for message in self.slack.messages()]

    def summaries(self) -> list[str]:
        return [incident["payload"]["summary"] for incident in self.pager.incidents()]


@pytest.fixture
def world(connection: Connection, slack: Slack, pager: PagerService, clock: Clock) -> World:
    return World(connection, slack, pager, clock)


def test_a_problem_is_one_incident_there_from_its_trigger_to_its_end(world: World) -> None:
    incident_id = world.fail("score_leads")
    assert world.notify().pages.triggered == 1
    assert world.notify().pages.triggered == 0
    (incident,) = world.pager.incidents()
    jsonschema.validate(incident, EVENT_SCHEMA, format_checker=jsonschema.FormatChecker())
    assert incident["dedup_key"].split("-")[0] == "leadops"
    assert incident["dedup_key"].split("-")[-2] == str(incident_id)
    assert incident["payload"]["summary"] == "DAG score_leads failed"
    assert incident["payload"]["severity"] == "critical"
    assert incident["payload"]["timestamp"] == "2026-07-30T17:00:00+00:00"
    assert (incident["payload"]["class"], incident["payload"]["component"]) == ("dag_failed", "dags")
    assert incident["links"] == [
        {"href": "https://wiki.example/runbooks/dag_failed.md", "text": "Runbook"},
        # The page Now: the DAG's state, and what waits because of it.
        {"href": "http://localhost:8080/leadops/", "text": "Look at it"},
        {
            "href": "http://localhost:8080/dags/score_leads/runs/scheduled__1",
            "text": "Run in Airflow",
        },
    ]
    assert acknowledge(world.connection, incident_id, now=world.clock.forward(minutes=2))
    assert not acknowledge(world.connection, incident_id, now=world.clock())
    assert world.notify().pages.acknowledged == 1
    assert world.pager.statuses() == ["acknowledged"]
    world.clock.forward(minutes=30)
    world.recover("score_leads")
    assert world.notify().pages.resolved == 1
    assert world.notify().pages.resolved == 0
    assert world.pager.actions() == [["trigger", "acknowledge", "resolve"]]


def test_slack_says_that_somebody_has_taken_it(world: World) -> None:
    incident_id = world.fail("score_leads")
    world.notify()
    assert acknowledge(world.connection, incident_id, now=world.clock.forward(minutes=1))
    assert world.notify().slack.updated == 1
    assert "*Taken* 2026-07-31 02:01 JST" in str(world.slack.messages()[0]["blocks"])
    world.clock.forward(minutes=60)
    world.check()
    assert world.notify().slack.escalated == 0, "who has it needs no call"


@pytest.mark.parametrize(
    ("route", "in_pagerduty", "in_slack"), [("slack", 0, 1), ("pagerduty", 1, 0), ("both", 1, 1)]
)
def test_settings_say_which_kind_goes_where(
    world: World, route: str, in_pagerduty: int, in_slack: int
) -> None:
    world.fail("score_leads")
    for _ in range(2):
        world.notify(channels_by_kind={"dag_failed": route})
    assert (len(world.pager.incidents()), len(world.texts())) == (in_pagerduty, in_slack)
    world.clock.forward(minutes=9)
    world.recover("score_leads")
    world.notify(channels_by_kind={"dag_failed": route})
    assert world.pager.statuses() == ["resolved"] * in_pagerduty
    assert len(world.texts()) == in_slack


def test_as_shipped_only_what_wakes_somebody_at_night_goes_there(world: World) -> None:
    world.fail("score_leads")
    world.fail("ma", "dead_letters", target="ma", count=1)
    world.fail("lead 4", "sla_breach", lead_id=4, clock="mql_to_sal")
    world.notify()
    assert [incident["payload"]["class"] for incident in world.pager.incidents()] == ["dag_failed"]
    assert len(world.texts()) == 3


def test_without_a_connection_slack_gets_what_only_pagerduty_would(world: World) -> None:
    world.client = None
    world.fail("score_leads")
    world.notify(channels={"critical": "pagerduty", "warning": "pagerduty"})
    assert (len(world.pager.incidents()), len(world.texts())) == (0, 1)


def test_what_is_over_before_it_could_be_sent_wakes_nobody(world: World) -> None:
    world.client = world.pager.client(url=world.pager.nowhere())
    world.fail("score_leads")
    assert world.notify().pages.waiting == 1
    world.recover("score_leads")
    world.client = world.pager.client()
    assert world.notify().pages.waiting == 0
    assert world.pager.incidents() == []


def test_many_of_a_group_are_one_incident_there_until_the_last_is_over(world: World) -> None:
    dags = [f"dag_{number}" for number in range(6)]
    for dag in dags:
        world.fail(dag)
    assert world.notify().pages.triggered == 1
    world.fail("dag_6")
    world.notify()
    assert world.summaries() == ["Airflow DAGs: 6 open"]
    world.recover(*dags)
    world.notify()
    assert world.pager.statuses() == ["triggered"]
    world.recover("dag_6")
    world.notify()
    assert world.pager.actions() == [["trigger", "resolve"]]


@pytest.mark.parametrize(
    "kind", ["500", "timeout_after", "timeout_before", "reset_after", "reset_before", "half_answer", "429"]
)
def test_each_fault_leaves_one_incident_there_that_ends(world: World, kind: str) -> None:
    world.client = world.pager.client(timeout=1.0)
    for action in ("trigger", "resolve"):
        world.pager.fault(kind, count=1, path="/v2/*")
        if action == "trigger":
            world.fail("score_leads")
        else:
            world.recover("score_leads")
        result = world.notify().pages
        assert (result.waiting, len(result.problems)) == (1, 1)
        world.clock.forward(minutes=2)
        assert world.notify().pages.waiting == 0
    (actions,) = world.pager.actions()
    assert world.pager.statuses() == ["resolved"]
    assert set(actions) == {"trigger", "resolve"}
    is_repeated = kind in ("timeout_after", "reset_after", "half_answer")
    assert actions.count("trigger") == (2 if is_repeated else 1), "a repeat that it deduplicates, no more"


def test_a_problem_that_ends_while_its_trigger_is_unknown_is_resolved(world: World) -> None:
    world.client = world.pager.client(timeout=1.0)
    world.pager.fault("timeout_after", count=1, path="/v2/*")
    world.fail("score_leads")
    world.notify()
    assert world.pager.statuses() == ["triggered"]
    world.recover("score_leads")
    assert world.notify().pages.resolved == 1
    assert world.pager.actions() == [["trigger", "resolve"]]


def test_a_throttled_pagerduty_is_left_alone_for_as_long_as_it_asks(world: World) -> None:
    for number in range(3):
        world.fail(f"dag_{number}")
    world.pager.fault("429", path="/v2/*")
    assert world.notify().pages.problems == ("PagerDuty asks to wait 30 s (429)",)
    world.slack.heal()
    world.clock.forward(seconds=20)
    assert (world.notify().pages.waiting, world.pager.incidents()) == (3, [])
    world.clock.forward(seconds=20)
    assert world.notify().pages.triggered == 3


def test_two_rounds_at_once_trigger_once(world: World, database_url: str) -> None:
    for number in range(4):
        world.fail(f"dag_{number}")
    world.pager.fault("latency", seconds=0.2)

    def run() -> None:
        with connect(database_url) as own:
            world.notify(own)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.pager.actions() == [["trigger"]] * 4


def test_a_wrong_routing_key_is_told_in_slack_and_nothing_is_lost(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.client = world.pager.client(key="not-the-routing-key-of-anybody-1")
    world.fail("score_leads")
    with caplog.at_level(logging.DEBUG):
        (problem,) = world.notify().pages.problems
    assert problem.startswith("PagerDuty refused with HTTP 400: Invalid routing key: put the routing key")
    assert "not-the-routing-key" not in caplog.text
    world.minutes(5)
    assert len(world.texts()) == 1
    world.minutes(1)
    assert world.texts()[-1] == "CRITICAL: PagerDuty has not taken 1 page for 6 min"
    assert "Invalid routing key" in str(world.slack.messages()[-1]["blocks"])
    world.client = world.pager.client()
    world.minutes(1)
    assert world.summaries() == ["DAG score_leads failed"]
    world.minutes(5)
    assert world.texts()[-1] == "RESOLVED: PagerDuty does not take pages"


def test_with_the_new_token_of_slack_everything_goes_out_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The app was installed again, which ended the old token; what was posted with it goes on as it is."""
    world.fail("score_leads")
    world.notify()
    world.chat = world.slack.chat(token="xoxb-the-former-one-of-somebody")
    world.fail("decay_scores")
    with caplog.at_level(logging.DEBUG):
        assert world.notify().slack.waiting == 1
    assert "the-former-one" not in caplog.text
    world.minutes(6)
    assert world.texts() == ["CRITICAL: DAG score_leads failed"]
    assert world.summaries()[-1] == "Slack has not taken 1 alert for 6 min"
    world.chat = world.slack.chat()
    world.recover("score_leads")
    world.minutes(6)
    assert [text for text in world.texts() if "score_leads" in text] == ["RESOLVED: DAG score_leads failed"]
    assert [text for text in world.texts() if "decay_scores" in text] == ["CRITICAL: DAG decay_scores failed"]


def test_a_slack_that_is_down_is_told_in_pagerduty(world: World) -> None:
    world.chat = world.slack.chat(url=world.slack.nowhere())
    world.fail("score_leads")
    world.notify()
    world.minutes(5)
    assert world.summaries() == ["DAG score_leads failed"]
    world.minutes(1)
    assert world.summaries()[1:] == ["Slack has not taken 1 alert for 6 min"]
    world.chat = world.slack.chat()
    world.minutes(6)
    assert world.pager.statuses() == ["triggered", "resolved"]
    assert "RESOLVED: Slack does not take alerts" in world.texts()


@pytest.mark.parametrize("error", [ConfigError("no such connection"), KeyError("secret")])
def test_a_channel_that_cannot_even_be_opened_silences_no_other(world: World, error: Exception) -> None:
    world.fail("score_leads")

    def fail_to_open(*_: Any) -> Any:
        raise error

    def notify(**options: Any) -> ChannelsResult:
        given: dict[str, Any] = {"open_chat": lambda _: world.chat, "open_pager": lambda: world.client}
        return notify_channels(
            world.connection,
            **given | options,
            settings=CALM,
            company=SHIPPED.company,
            clock=world.clock,
            sleep=lambda seconds: None,
        )

    with pytest.raises(type(error)):
        notify(open_chat=fail_to_open)
    assert world.pager.statuses() == ["triggered"]
    world.fail("decay_scores")
    if isinstance(error, ConfigError):
        assert notify(open_pager=fail_to_open).pages.problems == ("no such connection",)
    else:
        with pytest.raises(KeyError):
            notify(open_pager=fail_to_open)
    assert len(world.texts()) == 2
    rows = world.connection.execute("select channel, problem from alerts.failing_channels").fetchall()
    assert rows == [("pagerduty", "no such connection" if isinstance(error, ConfigError) else "KeyError")]


def test_a_channel_that_nobody_tries_any_more_is_not_failing(world: World) -> None:
    world.client = world.pager.client(url=world.pager.nowhere())
    world.fail("score_leads")
    world.notify()
    world.client = None
    world.minutes(30)
    assert world.texts() == ["CRITICAL: DAG score_leads failed"]


def test_an_event_names_nobody_and_no_secret(world: World) -> None:
    world.fail(
        "score_leads", error="KeyError: taro@example.com & <b>", log_url="https://airflow.example/log?x=1&y=2"
    )
    world.notify()
    shown = json.dumps(world.pager.incidents())
    assert "&amp;" not in shown
    assert "routing" not in shown
    assert {"href": "https://airflow.example/log?x=1&y=2", "text": "Task log"} in world.pager.incidents()[0][
        "links"
    ]


def test_after_a_restored_backup_what_may_have_been_triggered_is_resolved(world: World) -> None:
    world.client = world.pager.client(url=world.pager.nowhere())
    world.fail("score_leads")
    world.notify()
    world.recover("score_leads")
    started: datetime = world.clock.forward(minutes=1)
    world.connection.execute("insert into delivery.holds (reason, held_at) values ('by hand', %s)", [started])
    world.connection.commit()
    world.client = world.pager.client()
    assert world.notify().pages.resolved == 1


def test_a_digest_that_somebody_has_acknowledged_takes_in_no_new_incident(world: World) -> None:
    """Eight failures are one page, which is acknowledged: two hours later a ninth wakes somebody again."""
    incidents = [world.fail(f"dag_{number}") for number in range(8)]
    world.notify()
    for incident_id in incidents:
        acknowledge(world.connection, incident_id, now=world.clock())
    world.connection.commit()
    world.notify()
    pages = len(world.pager.actions())
    assert "triggered" not in world.pager.statuses()
    world.clock.forward(minutes=120)
    world.fail("dag_8")
    for _ in range(2):
        world.notify()
        world.clock.forward(minutes=60)
    assert len(world.pager.actions()) == pages + 1
    assert world.pager.statuses().count("triggered") == 1
