"""The checks on frozen quarters, and on words of the CRM that no setting names."""

from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lifecycle.frozen_quarters import freeze_quarter, record_contract_changes
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.quarter import Quarter
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server
from tests.shipped import SHIPPED

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_contract(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into lifecycle.frozen_changes (quarter, facts, found_at) values ('2026-Q3', %s, %s)",
        [Jsonb({"quarter": "2026-Q3", "count": 1, "changes": ["mql.fit: 20 → 25"]}), now],
    )


def fire_words(connection: Connection, now: datetime) -> None:
    say(connection, "w", "nurturing", at=now)
    note_word(connection, "nurturing", first_seen_at=now)


def say(connection: Connection, activity_id: str, status: str, *, at: datetime, count: int = 1) -> None:
    connection.execute(
        "insert into crm.activities"
        " select %(id)s || n, 'L-1', 'status', %(status)s, null, %(at)s, '{}', %(at)s, 'status', %(status)s"
        " from generate_series(1, %(count)s) as n",
        {"id": activity_id, "status": status, "at": at, "count": count},
    )


def note_word(connection: Connection, word: str, *, first_seen_at: datetime) -> None:
    connection.execute(
        "insert into lifecycle.unnamed_words values ('status', %s, %s, %s, %s)",
        [word, word, first_seen_at, first_seen_at],
    )


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"contract": fire_contract, "crm_words": fire_words}


def test_a_contract_that_changes_a_frozen_quarter_is_told_until_it_is_put_right(connection, look, clock):
    contract = SHIPPED.kpi
    body = contract.model_dump(mode="json")
    body["versions"][0]["mql"]["fit"] = 99
    changed, company = KpiContract.model_validate(body).in_company(SHIPPED.company), SHIPPED.company
    freeze_quarter(connection, contract=contract, company=company, quarter=Quarter(2026, 3), now=clock())
    look()
    assert incidents(connection) == []
    record_contract_changes(connection, contract=changed, company=company, now=clock())
    look()
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("contract_changed", "2026-Q3")
    assert "mql.fit: 20 → 99" in shown(incident)
    record_contract_changes(connection, contract=contract, company=company, now=clock())
    look(1)
    assert look(3).resolved == 1


def test_a_word_never_seen_before_opens_for_a_day(connection, look, clock):
    say(connection, "a", "taken", at=clock(), count=99)
    look()
    assert incidents(connection) == []
    fire_words(connection, clock())
    look()
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("crm_words", "status")
    assert "1 of 100 activities in 24 hours (1 %)" in shown(incident)
    assert "nurturing; 1 of them never seen before" in shown(incident)
    look(24 * 60 + 1)
    assert look(4).resolved == 1


def test_an_old_word_opens_with_twenty_activities_and_a_fifth_of_all(connection, look, clock):
    note_word(connection, "nurturing", first_seen_at=clock() - timedelta(days=30))
    say(connection, "a", "taken", at=clock(), count=80)
    say(connection, "b", "nurturing", at=clock(), count=19)
    look()
    assert incidents(connection) == []  # 19 of 99
    say(connection, "c", "nurturing", at=clock())
    look()
    (incident,) = incidents(connection)  # 20 of 100
    assert incident.facts["percent"] == 20
    say(connection, "d", "taken", at=clock(), count=99)
    look(4)
    assert look(4).resolved == 0  # 20 of 199 is above half of a fifth
    say(connection, "e", "taken", at=clock(), count=2)
    look(1)
    assert look(4).resolved == 1  # 20 of 201


def test_a_word_of_imported_history_wakes_nobody(connection, look, clock):
    say(connection, "a", "nurturing", at=clock() - timedelta(days=3))
    note_word(connection, "nurturing", first_seen_at=clock())
    look()
    assert incidents(connection) == []
