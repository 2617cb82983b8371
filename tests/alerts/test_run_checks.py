"""One broken check never silences the others."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.check import Check, CheckInput
from leadops.alerts.checks import CHECKS
from leadops.alerts.findings import Finding
from leadops.alerts.incidents import open_incident
from leadops.alerts.kinds import CHECK_FAILED, KINDS, OPENED_BY_CALLBACKS
from leadops.alerts.run_checks import run_checks
from leadops.alerts.tell import tell
from leadops.company import Company
from leadops.db import Connection
from tests.alerts.conftest import CALM, START, Slack
from tests.alerts.scenes import SCENES, cdp_lags


def open_incidents(connection: Connection) -> set[tuple[str, str]]:
    connection.commit()
    return set(
        connection.execute("select kind, subject from alerts.incidents where state = 'open'").fetchall()
    )


def look(
    connection: Connection, checks: Sequence[Check] = CHECKS, *, now: datetime = START
) -> set[tuple[str, str]]:
    connection.commit()
    run_checks(connection, checks, settings=AlertSettings(), now=now, cdp=cdp_lags(now))
    return open_incidents(connection)


def everything_is_wrong(connection: Connection) -> None:
    for scene in SCENES.values():
        scene(connection, START)
    connection.commit()


def raise_an_error(connection: Connection, given: CheckInput) -> list[Finding]:
    raise KeyError("taro.yamada@example.com")


def refuse_in_the_database(connection: Connection, given: CheckInput) -> list[Finding]:
    connection.execute("select nothing from nowhere")
    return []


def find_what_nobody_can_write(connection: Connection, given: CheckInput) -> list[Finding]:
    return [Finding(given_kind, "x", "wrong", given.now, {"number": float("nan")}) for given_kind in KINDS]


def test_a_missing_table_of_training_hides_no_breached_clock(connection: Connection, slack: Slack) -> None:
    SCENES["sla"](connection, START)
    connection.execute("alter table training.decisions rename to gone")
    found = look(connection)
    assert ("sla_breach", "lead 1 first_contact 1") in found
    assert (CHECK_FAILED, "training") in found
    tell(
        connection,
        slack.chat(),
        settings=CALM,
        clock=slack.clock,
        company=Company(),
        sleep=lambda seconds: None,
    )
    shown = [message["text"] for message in slack.messages()]
    assert any("SLA breach" in text or "first contact was due" in text for text in shown)
    assert any("training" in text for text in shown)


@pytest.mark.parametrize("break_it", [raise_an_error, refuse_in_the_database, find_what_nobody_can_write])
@pytest.mark.parametrize("name", [check.name for check in CHECKS])
def test_each_check_may_break_and_all_others_open_theirs(
    connection: Connection, name: str, break_it: Any
) -> None:
    everything_is_wrong(connection)
    checks = [replace(check, look=break_it) if check.name == name else check for check in CHECKS]
    found = look(connection, checks)
    silent = {kind for check in CHECKS if check.name == name for kind in check.kinds}
    opened_by_a_look = set(KINDS) - OPENED_BY_CALLBACKS - {"cdp_unreachable"}
    assert {kind for kind, _ in found} == opened_by_a_look - silent
    assert {subject for kind, subject in found if kind == CHECK_FAILED} == {name}
    facts = connection.execute(
        "select facts::text from alerts.incidents where kind = %s", [CHECK_FAILED]
    ).fetchone()
    assert facts
    assert "taro" not in facts[0]


def test_what_a_broken_check_feeds_stays_as_it_is_and_check_failed_ends_by_itself(
    connection: Connection,
) -> None:
    everything_is_wrong(connection)
    before = look(connection)
    connection.execute("delete from training.decisions")
    look(connection, now=START + timedelta(minutes=1))
    broken = [replace(check, look=raise_an_error) for check in CHECKS]
    for minutes in (2, 60, 120):
        found = look(connection, broken, now=START + timedelta(minutes=minutes))
        assert {key for key in found if key[0] != CHECK_FAILED} == before - {("feature_refused", "tags")}
        assert {subject for kind, subject in found if kind == CHECK_FAILED} == set(SCENES)
    look(connection, now=START + timedelta(minutes=121))
    ended = look(connection, now=START + timedelta(minutes=125))
    assert CHECK_FAILED not in {kind for kind, _ in ended}


def test_good_news_that_a_broken_check_cut_short_resolves_nothing(connection: Connection) -> None:
    SCENES["dead_letters"](connection, START)
    look(connection)
    connection.execute("delete from delivery.dead_letters")
    look(connection, now=START + timedelta(minutes=1))
    broken = [replace(check, look=raise_an_error) for check in CHECKS]
    assert ("dead_letters", "ma") in look(connection, broken, now=START + timedelta(minutes=30))
    assert ("dead_letters", "ma") not in look(connection, now=START + timedelta(minutes=31))


def test_a_check_that_waits_for_a_lock_is_cut_off(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leadops.alerts import run_checks as module
    from leadops.db import connect

    monkeypatch.setattr(module, "CHECK_TIMEOUT", "200ms")
    SCENES["sla"](connection, START)
    connection.commit()
    with connect(database_url) as other:
        other.execute("lock table training.decisions in access exclusive mode")
        found = look(connection)
    assert {kind for kind, _ in found} == {"sla_at_risk", "sla_breach", "cdp_lag", CHECK_FAILED}


def test_every_kind_is_fed_by_one_check_and_every_check_feeds_one() -> None:
    fed = [kind for check in CHECKS for kind in check.kinds]
    assert sorted(fed) == sorted(set(KINDS) - {CHECK_FAILED})
    assert all(check.kinds for check in CHECKS)
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert set(SCENES) == {check.name for check in CHECKS}


def test_what_a_check_does_not_declare_is_a_failure_of_it(connection: Connection) -> None:
    stray = Check(
        "stray", ("cdp_lag",), lambda connection, given: [Finding("dead_letters", "x", "wrong", START)]
    )
    assert look(connection, [stray]) == {(CHECK_FAILED, "stray")}


def test_a_dag_that_failed_stays_open_while_nobody_can_see_its_success(connection: Connection) -> None:
    open_incident(connection, kind="dag_failed", subject="score_leads", facts={"dag_id": "x"}, now=START)
    broken = [replace(check, look=raise_an_error) if check.name == "dags" else check for check in CHECKS]
    assert ("dag_failed", "score_leads") in look(connection, broken, now=START + timedelta(hours=1))
