"""The checks on refused enrolments, silent programmes and far too many messages."""

from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.nurture.programmes import note_taken
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def fill(
    connection: Connection,
    now: datetime,
    *,
    sends: int,
    state: str,
    reason: str | None = None,
    programme: str = "trial",
) -> None:
    """So many first steps of a programme that were decided an hour ago."""
    connection.execute(
        "insert into nurture.programmes values (%s, 1, 'h', null, %s) on conflict do nothing",
        [programme, now],
    )
    connection.execute(
        "with members as (insert into nurture.memberships (programme, version, lead_id, cycle, entered_at,"
        " entry_event_seq, is_held_out, next_step, due_at)"
        " select %(programme)s, 1, n, coalesce((select max(cycle) from nurture.memberships), 0) + 1, %(at)s,"
        " n,"
        " false, 'second', %(at)s from generate_series(1, %(sends)s) as n returning membership_id, lead_id)"
        " insert into nurture.sends (membership_id, step, lead_id, message_key, due_at, stale_at, decided_at,"
        " state, reason, idempotency_key, cycle)"
        " select membership_id, 'first', lead_id, 'm', %(at)s, %(at)s, %(at)s, %(state)s, %(reason)s,"
        " case when %(state)s <> 'skipped' then 'nurture:' || membership_id || ':first' end,"
        " case when %(state)s <> 'skipped' then 1 end from members",
        {"at": now - timedelta(hours=1), "sends": sends, "state": state, "reason": reason}
        | {"programme": programme},
    )


def refuse(connection: Connection, now: datetime) -> None:
    """One enrolment that the MA refused."""
    fill(connection, now, sends=1, state="queued")
    connection.execute(
        "with effect as (insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key,"
        " created_at, state, settled_at) select 'ma', 'enrol_lead', lead_id, '{}', idempotency_key, %(at)s,"
        " 'dead', %(at)s from nurture.sends where state = 'queued' order by membership_id desc limit 1"
        " returning outbox_id)"
        " insert into delivery.dead_letters (target, kind, reference, reason, died_at)"
        " select 'ma', 'effect', outbox_id, 'no program for ann@buyer.example', %(at)s from effect",
        {"at": now},
    )


def fire_refused(connection: Connection, now: datetime) -> None:
    refuse(connection, now)
    connection.execute("update nurture.programmes set first_taken_at = %s", [now])


def fire_silent(connection: Connection, now: datetime) -> None:
    fill(connection, now, sends=5, state="skipped", reason="stale", programme="mute")


def fire_surge(connection: Connection, now: datetime) -> None:
    fill(connection, now, sends=200, state="queued")


def fire_right(connection: Connection, now: datetime, *, minutes: int = 5) -> None:
    connection.execute(
        "insert into delivery.refused_operations values ('ma', 'enrol_lead', %s, %s, %s, %s)",
        [now - timedelta(minutes=minutes), now, now + timedelta(minutes=1), "no right: ann@buyer.example"],
    )


#: For each check, rows with which every kind that it feeds fires.
SCENES = {
    "nurture_refused": fire_refused,
    "nurture_right": fire_right,
    "nurture_silent": fire_silent,
    "nurture_surge": fire_surge,
}


def test_a_refused_enrolment_is_reported_until_it_is_settled(connection, look, clock):
    fire_refused(connection, clock())
    connection.commit()
    look(1)
    found = {incident.kind: incident for incident in incidents(connection)}
    assert found["nurture_refused"].subject == "trial.first"
    assert "no program for" in shown(found["nurture_refused"])
    assert "buyer.example" not in shown(found["nurture_refused"])
    connection.execute("update delivery.dead_letters set state = 'dropped', settled_at = now()")
    connection.commit()
    look(1)
    assert look(3).resolved >= 1
    assert "nurture_refused" not in {
        kind
        for (kind,) in connection.execute(
            "select kind from incidents.incidents where state = 'open'"
        ).fetchall()
    }


def test_a_programme_that_only_skips_is_reported_and_one_message_ends_it(connection, look, clock):
    fill(connection, clock(), sends=4, state="skipped", reason="stale")
    fill(connection, clock(), sends=9, state="skipped", reason="held_out")
    connection.commit()
    assert look(1).opened == 0  # fewer than five were due: who is held out was never to get it
    fill(connection, clock(), sends=1, state="skipped", reason="stale")
    connection.commit()
    assert look(1).opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("nurture_silent", "trial")
    fill(connection, clock(), sends=1, state="queued")
    connection.commit()
    look(1)
    assert look(3).resolved == 1


def test_many_messages_are_a_surge_only_where_they_are_not_usual(connection, look, clock):
    fill(connection, clock(), sends=199, state="queued")
    connection.commit()
    assert look(1).opened == 0
    fill(connection, clock(), sends=1, state="queued")
    connection.commit()
    assert look(1).opened == 1
    # With 41 a day before, five times as many are 205.
    for days in range(1, 15):
        fill(connection, clock() - timedelta(days=days), sends=41, state="queued")
    connection.commit()
    look(1)
    assert look(3).resolved == 1


def test_the_second_day_of_a_programme_is_no_surge(connection, look, clock):
    fill(connection, clock() - timedelta(days=1), sends=250, state="queued")
    fill(connection, clock(), sends=1249, state="queued")
    connection.commit()
    assert look(1).opened == 0  # the only day before had 250: five times as many are 1,250
    fill(connection, clock(), sends=1, state="queued")
    connection.commit()
    assert look(1).opened == 1


def test_a_programme_that_nobody_has_set_up_wakes_nobody_until_it_once_worked(connection, look, clock):
    fill(connection, clock(), sends=50, state="skipped", reason="not_set_up")
    connection.commit()
    assert look(1).opened == 0
    connection.execute("update nurture.programmes set first_taken_at = %s", [clock()])
    connection.commit()
    assert look(1).opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.facts["reason"]) == ("nurture_silent", "not_set_up")


def test_what_an_ma_refuses_that_never_took_anybody_is_said_once_a_programme(connection, look, clock):
    for _ in range(4):
        refuse(connection, clock())
    connection.commit()
    assert look(1).opened == 0  # as with steps that are skipped
    refuse(connection, clock())
    connection.commit()
    look(1)
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("nurture_silent", "trial")
    assert "no program for" in shown(incident)
    assert "buyer.example" not in shown(incident)


def test_the_first_enrolment_that_the_ma_took_is_on_record(connection, clock):
    fill(connection, clock(), sends=1, state="queued")
    fill(connection, clock(), sends=1, state="queued", programme="other")
    connection.execute(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
        " state) select 'ma', 'enrol_lead', s.lead_id, '{}', idempotency_key, %s,"
        " case programme when 'trial' then 'done' else 'dead' end"
        " from nurture.sends s join nurture.memberships m using (membership_id)",
        [clock()],
    )
    note_taken(connection, now=clock())
    note_taken(connection, now=clock() + timedelta(hours=1))
    taken = connection.execute("select programme, first_taken_at from nurture.programmes order by 1")
    assert taken.fetchall() == [("other", None), ("trial", clock())]


def test_a_missing_right_is_said_once_and_not_for_a_moment(connection, look, clock):
    fire_right(connection, clock(), minutes=4)
    connection.commit()
    assert look(1).opened == 0
    connection.execute("delete from delivery.refused_operations")
    fire_right(connection, clock())
    connection.commit()
    assert look(1).opened == 1
    (incident,) = incidents(connection)
    assert incident.kind == "nurture_not_allowed"
    assert "no right" in shown(incident)
    assert "buyer.example" not in shown(incident)
    connection.execute("delete from delivery.refused_operations")
    connection.commit()
    look(1)
    assert look(3).resolved == 1
