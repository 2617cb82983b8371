"""One broken check never silences the others."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest

from leadops.alerts.checks import CHECKS
from leadops.alerts.notify import notify_incidents
from leadops.db import Connection, connect
from leadops.incidents.check import CdpReading, Check, CheckInput
from leadops.incidents.finding import CheckFinding
from leadops.incidents.incident import open_incident
from leadops.incidents.kinds import (
    CHECK_FAILED,
    DATABASE_DOWN,
    KINDS,
    OPENED_BY_CALLBACKS,
    OPENED_BY_WATCHDOG,
)
from leadops.incidents.run_checks import CheckResult, run_checks
from tests.alerts.checking import CALENDAR, SETTINGS, incidents
from tests.alerts.conftest import CALM, START, Slack
from tests.promises import in_turn
from tests.shipped import SHIPPED


def load_scenes() -> dict[str, Any]:
    """Return every check's scene; those of the checks of leadops.sla are in tests/sla/test_checks.py."""
    scenes: dict[str, Any] = {}
    for room in dict.fromkeys(check.run.__module__.rpartition(".")[0] for check in CHECKS):
        scenes |= import_module(room.replace("leadops.", "tests.") + ".test_checks").SCENES
    return scenes


SCENES = load_scenes()


def open_incidents(connection: Connection) -> set[tuple[str, str]]:
    connection.commit()
    return set(
        connection.execute("select kind, subject from incidents.incidents where state = 'open'").fetchall()
    )


def look_at_all(
    connection: Connection, checks: Sequence[Check] = CHECKS, *, now: datetime = START
) -> set[tuple[str, str]]:
    connection.commit()
    run_checks(
        connection,
        checks,
        settings=SHIPPED.alerts,
        calendar=CALENDAR,
        now=now,
        cdp=CdpReading(minutes_lag=9.0, as_of=now),
    )
    return open_incidents(connection)


def everything_is_wrong(connection: Connection) -> None:
    """Bring about what each check looks for but a hold, in which backlogs are no news."""
    for name, scene in SCENES.items():
        if name != "hold":
            scene(connection, START)
    connection.commit()


def raise_an_error(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    raise KeyError("taro.yamada@example.com")


def raising(check: Check) -> Check:
    return replace(check, run=raise_an_error)


def refused_by_the_database(check: Check) -> Check:
    def ask(connection: Connection, given: CheckInput) -> list[CheckFinding]:
        connection.execute("select nothing from nowhere")
        return []

    return replace(check, run=ask)


def finding_what_cannot_be_written(check: Check) -> Check:
    return replace(
        check,
        run=lambda connection, given: [
            CheckFinding(kind, "x", "firing", given.now, {"number": float("nan")}) for kind in check.kinds
        ],
    )


def test_a_missing_table_of_training_hides_no_breached_clock(connection: Connection, slack: Slack) -> None:
    SCENES["sla"](connection, START)
    connection.execute("alter table training.decisions rename to gone")
    found = look_at_all(connection)
    assert ("sla_breach", "lead 1 first_contact 1") in found
    assert (CHECK_FAILED, "training") in found
    notify_incidents(
        connection,
        slack.chat(),
        settings=CALM,
        clock=slack.clock,
        company=SHIPPED.company,
        sleep=lambda seconds: None,
    )
    shown = [message["text"] for message in slack.messages()]
    assert any("SLA breach" in text or "first contact was due" in text for text in shown)
    assert any("training" in text for text in shown)


WAYS = [raising, refused_by_the_database, finding_what_cannot_be_written]


@pytest.mark.parametrize(
    ("name", "break_it"),
    [(check.name, way) for number, check in enumerate(CHECKS) for way in in_turn(WAYS, number)],
)
def test_each_check_may_break_and_all_others_open_theirs(
    connection: Connection, name: str, break_it: Any
) -> None:
    everything_is_wrong(connection)
    checks = [break_it(check) if check.name == name else check for check in CHECKS]
    found = look_at_all(connection, checks)
    SCENES["hold"](connection, START)
    found |= look_at_all(connection, checks)
    silent = {kind for check in CHECKS if check.name == name for kind in check.kinds}
    opened_by_a_look = set(KINDS) - OPENED_BY_CALLBACKS - OPENED_BY_WATCHDOG - {"cdp_unreachable"}
    assert {kind for kind, _ in found} == opened_by_a_look - silent
    assert {subject for kind, subject in found if kind == CHECK_FAILED} == {name}
    facts = connection.execute(
        "select facts::text from incidents.incidents where kind = %s", [CHECK_FAILED]
    ).fetchone()
    assert facts
    assert "taro" not in facts[0]


def test_what_a_broken_check_feeds_stays_as_it_is_and_check_failed_ends_by_itself(
    connection: Connection,
) -> None:
    everything_is_wrong(connection)
    before = look_at_all(connection)
    connection.execute("delete from training.decisions")
    look_at_all(connection, now=START + timedelta(minutes=1))
    broken = [raising(check) for check in CHECKS]
    for minutes in (2, 60, 120):
        found = look_at_all(connection, broken, now=START + timedelta(minutes=minutes))
        assert {key for key in found if key[0] != CHECK_FAILED} == before - {("feature_refused", "tags")}
        assert {subject for kind, subject in found if kind == CHECK_FAILED} == set(SCENES)
    look_at_all(connection, now=START + timedelta(minutes=121))
    ended = look_at_all(connection, now=START + timedelta(minutes=125))
    assert CHECK_FAILED not in {kind for kind, _ in ended}


def test_good_news_that_a_broken_check_cut_short_resolves_nothing(connection: Connection) -> None:
    SCENES["dead_letters"](connection, START)
    look_at_all(connection)
    connection.execute("delete from delivery.dead_letters")
    look_at_all(connection, now=START + timedelta(minutes=1))
    broken = [raising(check) for check in CHECKS]
    assert ("dead_letters", "ma") in look_at_all(connection, broken, now=START + timedelta(minutes=30))
    assert ("dead_letters", "ma") not in look_at_all(connection, now=START + timedelta(minutes=31))


def test_a_check_that_waits_for_a_lock_is_cut_off(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leadops.db import connect
    from leadops.incidents import run_checks as module

    monkeypatch.setattr(module, "CHECK_TIMEOUT", "200ms")
    SCENES["sla"](connection, START)
    connection.commit()
    with connect(database_url) as other:
        other.execute("lock table training.decisions in access exclusive mode")
        found = look_at_all(connection)
    assert {kind for kind, _ in found} == {"sla_at_risk", "sla_breach", "cdp_lag", CHECK_FAILED}


def test_every_kind_is_fed_by_one_check_and_every_check_feeds_one() -> None:
    fed = [kind for check in CHECKS for kind in check.kinds]
    # An outage of the database is recorded when it is over.
    assert sorted(fed) == sorted(set(KINDS) - {CHECK_FAILED, DATABASE_DOWN})
    assert all(check.kinds for check in CHECKS)
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert set(SCENES) == {check.name for check in CHECKS}


def test_what_a_check_does_not_declare_is_a_failure_of_it(connection: Connection) -> None:
    stray = Check(
        "stray", ("cdp_lag",), lambda connection, given: [CheckFinding("dead_letters", "x", "firing", START)]
    )
    assert look_at_all(connection, [stray]) == {(CHECK_FAILED, "stray")}


def test_a_dag_that_failed_stays_open_while_nobody_can_see_its_success(connection: Connection) -> None:
    open_incident(connection, kind="dag_failed", subject="score_leads", facts={"dag_id": "x"}, now=START)
    broken = [raising(check) if check.name == "dags" else check for check in CHECKS]
    assert ("dag_failed", "score_leads") in look_at_all(connection, broken, now=START + timedelta(hours=1))


def test_a_quiet_system_has_no_incidents(connection, look, clock):
    assert look(lag=0.4) == CheckResult(0, 0, 0, 0)


def test_what_lasts_is_escalated_once_and_not_while_it_gets_better(connection, look, clock):
    look(lag=6)
    assert look(14, lag=6).escalated == 0
    assert look(1, lag=2).escalated == 0
    assert look(1, lag=6).escalated == 1
    assert look(1, lag=6).escalated == 0
    never = SETTINGS.model_copy(update={"escalate_after_minutes": {"dead_letters": None}})
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, reason, died_at)"
        " values ('ma', 'delta', 1, 'r', %s)",
        [clock()],
    )
    look(settings=never)
    assert look(600, settings=never).escalated == 0


def test_two_at_once_open_one(connection, database_url, clock):
    SCENES["backlogs"](connection, clock())
    connection.commit()
    opened = []

    def look() -> None:
        with connect(database_url) as own:
            opened.append(
                run_checks(
                    own,
                    CHECKS,
                    settings=SETTINGS,
                    calendar=CALENDAR,
                    now=clock(),
                    cdp=CdpReading(minutes_lag=9, as_of=clock()),
                )
            )

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(checked.opened for checked in opened) == 2
    assert sorted(incident.kind for incident in incidents(connection)) == ["cdp_lag", "ma_backlog"]
