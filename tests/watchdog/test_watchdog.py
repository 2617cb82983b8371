"""A watchdog on a real database and a Slack over HTTP; only time is played: `after` moves clock and ticks."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from leadops.alerts.checks import CHECKS
from leadops.alerts.notify import notify_incidents
from leadops.alerts.notify_channels import notify_channels
from leadops.clients.chat import WebhookChat
from leadops.clients.pagerduty import Pager
from leadops.db import Connection, connect
from leadops.errors import ConfigError
from leadops.incidents.incident import open_incident
from leadops.incidents.run_checks import run_checks
from leadops.incidents.task_results import beat
from leadops.watchdog.task_state import TaskState
from leadops.watchdog.watchdog import Watchdog
from leadops.watchdog.watchdog_config import WatchdogConfig, WatchdogSources
from tests.alerts.checking import CALENDAR, incidents
from tests.alerts.conftest import CALM, Clock, Slack, clock, settings, slack, slack_server
from tests.alerts.pager import PagerService, pager
from tests.shipped import SHIPPED
from tests.watchdog.test_airflow_queue import TABLES

__all__ = ["clock", "pager", "settings", "slack", "slack_server"]

SOURCES = WatchdogSources(CALM, SHIPPED.company)


class Switch:
    beats = 0

    def beat(self) -> None:
        self.beats += 1


@dataclass
class World:
    """A database, a Slack, a clock, and the watchdogs of several machines."""

    url: str
    connection: Connection
    slack: Slack
    clock: Clock
    ticks: float = 1000.0
    acts: list[float] = field(default_factory=list)
    switch: Switch = field(default_factory=Switch)
    restarts: int = 0

    def dog(self, seen_by: str = "supervisor on a", **changes: Any) -> Watchdog:
        values = {
            "seen_by": seen_by,
            "database_url": self.url,
            "airflow_database_url": "",
            "read_sources": lambda: SOURCES,
            "shipped": SOURCES,
            "open_chat": lambda _: self.slack.chat(),
            "clock": self.clock,
            "switch": self.switch,
        }
        return Watchdog(WatchdogConfig(**values | changes), ticks=lambda: self.ticks, sleep=lambda _: None)

    def act(self, seconds: float) -> dict[str, Any]:
        self.acts.append(seconds)
        self.restarts += 1
        return {"restarts": self.restarts, "restarted_at": self.clock().isoformat()}

    def after(self, seconds: float, *dogs: Watchdog) -> list[TaskState]:
        """Let `seconds` pass with a look every ten; return the last states."""
        states: list[TaskState] = []
        for _ in range(round(seconds / 10)):
            self.ticks += 10
            self.clock.forward(seconds=10)
            states = [dog.look() for dog in dogs]
        return states

    def finish(self, *names: str) -> None:
        """Let tasks of these DAGs succeed now."""
        for name in names or ("score_leads", "check_alerts"):
            beat(self.connection, name, now=self.clock())
        self.connection.commit()

    def check(self) -> None:
        """Do what check_alerts does."""
        run_checks(self.connection, CHECKS, settings=CALM, calendar=CALENDAR, now=self.clock())
        notify_incidents(
            self.connection,
            self.slack.chat(),
            settings=CALM,
            company=SHIPPED.company,
            clock=self.clock,
            sleep=lambda _: None,
        )

    def found(self) -> list[tuple[str, bool]]:
        """Return kind of each incident, and whether it is open."""
        self.connection.rollback()
        return [(incident.kind, incident.is_open) for incident in incidents(self.connection)]

    def texts(self) -> list[str]:
        return [message["text"] for message in self.slack.messages()]


@pytest.fixture
def world(database_url: str, connection: Connection, slack: Slack, clock: Clock) -> World:
    return World(database_url, connection, slack, clock)


def test_while_tasks_finish_nothing_is_said_and_the_switch_is_kept(world: World) -> None:
    dog = world.dog()
    for _ in range(6):
        world.finish()
        assert world.after(60, dog)[0] in (TaskState.RUNNING, TaskState.UNKNOWN)
    assert world.after(10, dog) == [TaskState.RUNNING]
    assert (world.found(), world.texts()) == ([], [])
    assert world.switch.beats > 20


def test_a_standstill_is_one_incident_and_one_message_of_all_watchdogs(world: World) -> None:
    dogs = [world.dog("supervisor on a", act=world.act), world.dog("gateway on a"), world.dog("gateway on b")]
    world.finish()
    world.after(10, *dogs)
    world.finish()
    assert world.after(120, *dogs) == [TaskState.RUNNING] * 3
    assert world.found() == []
    beats = world.switch.beats
    world.after(10, *dogs)
    assert world.found() == [("tasks_stopped", True)]
    assert world.texts() == ["CRITICAL: No task has finished for 2 min"]
    (incident,) = incidents(world.connection)
    assert incident.facts["restarts"] == 1
    assert world.acts == [120.0]
    world.after(120, *dogs)
    assert len(world.texts()) == 1
    assert world.switch.beats == beats  # the dead man's switch tells too
    # Late runs and their DAGs are the same problem.
    late = {"dag_id": "score_leads", "run_id": "r"}
    opened = open_incident(
        world.connection, kind="run_missed_deadline", subject="score_leads", facts=late, now=world.clock()
    )
    assert opened is None
    world.connection.commit()


def test_it_ends_when_tasks_finish_again(world: World) -> None:
    dogs = [world.dog("supervisor on a", act=world.act), world.dog("gateway on a")]
    world.finish()
    world.after(10, *dogs)
    world.finish()
    world.after(140, *dogs)
    world.finish()
    world.after(60, *dogs)
    world.check()
    assert world.found() == [("tasks_stopped", True)]  # it must last
    for _ in range(4):
        world.finish()
        world.after(60, *dogs)
        world.check()
    assert world.found() == [("tasks_stopped", False)]
    assert world.texts() == ["RESOLVED: Standstill of all tasks"]
    assert world.acts == [120.0]


def test_a_restart_that_does_not_help_is_counted_in_the_same_message(world: World) -> None:
    dog = world.dog(act=world.act)
    world.finish()
    world.after(10, dog)
    world.finish()
    world.after(130 + 240 + 240, dog)
    assert len(world.acts) == 3  # after a restart it waits twice as long
    (incident,) = incidents(world.connection)
    assert (incident.facts["restarts"], incident.facts["worst"]) == (3, 4.0)
    assert len(world.texts()) == 1


def test_it_escalates_without_check_alerts(world: World) -> None:
    dog = world.dog()
    world.finish()
    world.after(10, dog)
    world.finish()
    world.after(130 + 16 * 60, dog)
    (message,) = world.slack.messages()
    (reply,) = world.slack.replies(message["ts"])
    assert "still open after" in reply["text"]


def test_a_stack_that_was_just_started_has_time(world: World) -> None:
    world.finish()  # of yesterday
    dog = world.dog()
    world.after(230, dog)
    assert world.found() == []
    world.after(10, dog)
    assert world.found() == [("tasks_stopped", True)]


def test_where_no_task_ever_ran_none_is_missed(world: World) -> None:
    """A gateway alone, or a new installation whose Airflow nobody has started yet."""
    dog = world.dog()
    assert world.after(1200, dog) == [TaskState.UNKNOWN]
    assert (world.found(), world.texts(), world.switch.beats) == ([], [], 0)
    # Where Airflow can be asked, it is known that its tasks should run.
    with psycopg.connect(world.url, autocommit=True) as airflow:
        airflow.execute(TABLES.encode())
        airflow.execute("insert into dag values ('score_leads', false)")
        world.after(250, world.dog(airflow_database_url=world.url))
    assert world.found() == [("tasks_stopped", True)]


@pytest.mark.parametrize("jump", [timedelta(hours=5), timedelta(hours=-5)])
def test_a_jump_of_the_clock_is_no_standstill(world: World, jump: timedelta) -> None:
    dog = world.dog()
    for minute in range(8):
        world.finish()
        world.after(60, dog)
        if minute == 3:
            world.clock.now += jump
    assert world.found() == []


def test_a_machine_that_slept_watches_from_when_it_wakes(world: World) -> None:
    dog = world.dog()
    world.finish()
    world.after(10, dog)
    world.finish()
    world.after(60, dog)
    world.ticks += 3600
    world.clock.forward(hours=1)
    world.after(240, dog)
    assert world.found() == []


def test_a_task_that_fails_for_good_shows_that_tasks_run(world: World) -> None:
    dog = world.dog()
    for _ in range(5):
        open_incident(
            world.connection,
            kind="dag_failed",
            subject="score_leads",
            facts={"dag_id": "score_leads"},
            now=world.clock(),
        )
        world.finish("check_alerts")
        world.after(60, dog)
    assert world.found() == [("dag_failed", True)]


def test_paused_dags_are_no_standstill_and_have_time_when_they_run_again(world: World) -> None:
    with psycopg.connect(world.url, autocommit=True) as airflow:
        airflow.execute(TABLES.encode())
        airflow.execute("insert into dag values ('score_leads', true), ('check_alerts', true)")
        dog = world.dog(airflow_database_url=world.url)
        world.finish()
        world.after(10, dog)
        world.finish()
        assert world.after(600, dog) == [TaskState.PAUSED]
        assert world.switch.beats > 50
        airflow.execute("update dag set is_paused = false")
        assert world.after(230, dog) == [TaskState.UNKNOWN]
        assert world.found() == []
        # A DAG that stays paused is reported as any other time, check_alerts included.
        airflow.execute("update dag set is_paused = true")
        assert world.after(120, dog) == [TaskState.PAUSED]
    assert world.found() == [("dag_stopped", True)] * 2
    assert "CRITICAL: DAG check_alerts has not succeeded for 15 min" in world.texts()


def test_a_task_that_stays_in_the_queue_is_noticed_sooner(world: World) -> None:
    with psycopg.connect(world.url, autocommit=True) as airflow:
        airflow.execute(TABLES.encode())
        airflow.execute("insert into dag values ('score_leads', false)")
        dog = world.dog(airflow_database_url=world.url, act=world.act)
        world.finish()
        world.after(10, dog)
        world.finish()
        world.after(10, dog)
        airflow.execute(
            "insert into task_instance values (gen_random_uuid(), 'score_leads', 'queued', now(), null)"
        )
        world.after(80, dog)  # first seen after 10 s
        assert world.found() == []
        world.after(10, dog)
    (incident,) = incidents(world.connection)
    assert (incident.facts["queued"], incident.facts["queued_minutes"]) == (1, 1.3)
    assert world.acts == [90.0]


def test_what_a_failing_check_alerts_cannot_tell_is_told_for_it(world: World) -> None:
    dog = world.dog()
    world.finish()
    for minute in range(7):
        world.after(60, dog)
        world.finish("score_leads")
        facts = {"dag_id": "check_alerts", "error": "ConfigError: alerts.yaml:3"}
        open_incident(
            world.connection, kind="dag_failed", subject="check_alerts", facts=facts, now=world.clock()
        )
        world.connection.commit()
        assert len(world.texts()) == int(minute >= 5), minute
    assert "check_alerts" in world.texts()[0]
    assert world.found() == [("dag_failed", True)]


def refuse_connections(world: World) -> None:
    name = world.url.rsplit("/", 1)[1]
    world.connection.close()
    with psycopg.connect(world.url.replace(name, "postgres"), autocommit=True) as admin:
        admin.execute(f"alter database {name} allow_connections false")


def allow_connections(world: World) -> None:
    name = world.url.rsplit("/", 1)[1]
    with psycopg.connect(world.url.replace(name, "postgres"), autocommit=True) as admin:
        admin.execute(f"alter database {name} allow_connections true")
    world.connection = connect(world.url)


def test_a_database_that_is_down_is_told_without_it_once_and_recorded_later(world: World) -> None:
    dogs = [world.dog("gateway on a"), world.dog("gateway on b"), world.dog("supervisor on a")]
    world.finish()
    world.after(20, *dogs)
    refuse_connections(world)
    world.after(50, *dogs)
    assert world.texts() == []
    began = world.clock() - timedelta(seconds=40)
    world.after(60, *dogs)
    assert world.texts() == ["CRITICAL: The database does not respond"]
    beats = world.switch.beats
    world.after(300, *dogs)
    assert (len(world.texts()), world.switch.beats) == (1, beats)
    allow_connections(world)
    world.after(10, *dogs)
    assert world.found() == [("database_down", False)]
    (incident,) = incidents(world.connection)
    assert (incident.opened_at, incident.resolved_at) == (began, world.clock())
    world.check()
    assert world.texts() == ["RESOLVED: Outage of the database"]
    # The tasks did not run either: after the outage they have time.
    world.after(200, *dogs)
    assert len(world.found()) == 1


def test_a_short_hiccup_is_not_worth_a_word(world: World) -> None:
    dog = world.dog()
    world.after(20, dog)
    refuse_connections(world)
    world.after(40, dog)
    allow_connections(world)
    world.after(20, dog)
    assert (world.found(), world.texts()) == ([], [])


def test_a_webhook_cannot_look_up_so_each_watchdog_posts_once(world: World) -> None:
    from slack_sdk.webhook import WebhookClient

    from leadops_sandbox.settings import Tokens

    url = f"{world.slack.url}/services/{Tokens().webhook}"
    chat = WebhookChat(WebhookClient(url, timeout=60))
    before = len(hook_texts(world))
    dog = world.dog(open_chat=lambda _: chat)
    world.after(20, dog)
    refuse_connections(world)
    world.after(300, dog)
    allow_connections(world)
    assert len(hook_texts(world)) == before + 1


def hook_texts(world: World) -> list[str]:
    hook = Slack(world.slack.url, world.clock, world.slack.webhook_channel())
    return [message["text"] for message in hook.messages()]


def test_a_slack_that_is_down_too_gets_the_message_when_it_is_back(world: World) -> None:
    dog = world.dog()
    world.after(20, dog)
    refuse_connections(world)
    world.slack.fault("500")
    world.after(200, dog)
    world.slack.heal()
    world.after(60, dog)
    assert world.texts() == ["CRITICAL: The database does not respond"]
    allow_connections(world)


def test_a_database_that_takes_no_writes_is_told(world: World) -> None:
    dog = world.dog()
    world.finish()
    world.after(10, dog)
    world.finish()
    world.after(20, dog)
    name = world.url.rsplit("/", 1)[1]
    world.connection.execute(f"alter database {name} set default_transaction_read_only = on")
    world.connection.commit()
    world.after(260, dog)
    assert world.texts() == ["CRITICAL: The database does not respond"]
    (message,) = world.slack.messages()
    assert "ReadOnlySqlTransaction" in str(message["blocks"])


def test_broken_settings_leave_the_last_ones_in_use(world: World, caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> WatchdogSources:
        raise ConfigError("alerts.yaml:3: no such key")

    dog = world.dog(read_sources=refuse)
    world.finish()
    world.after(10, dog)
    world.finish()
    world.after(130, dog)
    assert world.texts() == ["CRITICAL: No task has finished for 2 min"]
    assert caplog.text.count("alerts.yaml:3: no such key") == 1


def test_a_database_without_tables_is_waited_for(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.connection.execute("drop schema incidents cascade")
    world.connection.commit()
    assert world.after(300, world.dog()) == [TaskState.UNKNOWN]
    assert world.texts() == []
    assert caplog.text.count("leadops migrate") == 1


def test_no_secret_is_in_what_it_shows_of_itself(world: World) -> None:
    dog = world.dog(airflow_database_url="postgresql://u:s3cret@h/a")
    password = world.url.split(":")[2].split("@")[0]
    shown = repr(dog._config)
    assert "s3cret" not in shown
    assert password not in shown


def test_several_watchdogs_make_one_incident_in_pagerduty_and_the_next_round_resolves_it(
    world: World, pager: PagerService
) -> None:

    def open_pager() -> Pager:
        return pager.client(timeout=1.0)  # one answer is late: it is waited for this long

    dogs = [world.dog(seen_by, open_pager=open_pager) for seen_by in ("gateway on a", "gateway on b")]
    world.after(20, *dogs)
    refuse_connections(world)
    pager.fault("timeout_after", count=1, path="/v2/*")
    world.after(200, *dogs)
    (incident,) = pager.incidents()
    assert incident["payload"]["summary"] == "The database does not respond"
    assert incident["payload"]["class"] == "database_down"
    allow_connections(world)
    world.after(10, *dogs)
    notify_channels(
        world.connection,
        open_chat=lambda _: world.slack.chat(),
        open_pager=pager.client,
        settings=CALM,
        company=SHIPPED.company,
        clock=world.clock,
        sleep=lambda _: None,
    )
    assert pager.statuses() == ["resolved"]


def test_a_slack_that_is_down_keeps_no_outage_from_pagerduty(world: World, pager: PagerService) -> None:
    def open_chat(_: Any) -> Any:
        raise ConfigError("no chat here")

    dog = world.dog(open_chat=open_chat, open_pager=pager.client)
    world.after(20, dog)
    refuse_connections(world)
    world.after(100, dog)
    assert pager.statuses() == ["triggered"]
    allow_connections(world)
    world.after(10, dog)
