"""What is asked again at the moment of the call, after an outage of the MA."""

import pytest

from leadops.effect_guards import EFFECT_GUARDS
from leadops.nurture.guard import GUARD
from tests.nurture.programme_world import ProgrammeWorld


@pytest.fixture
def queued(world: ProgrammeWorld) -> ProgrammeWorld:
    """The first message of lead 1 waits in the outbox since 2 June 11:00; the MA is down."""
    world.lead(1)
    world.act(1, world.at("06-02 10:00"))
    assert world.run(world.at("06-02 11:00")) == ["1 first"]
    world.is_ma_down = True
    return world


def test_delivery_asks_it() -> None:
    assert GUARD in EFFECT_GUARDS


def test_a_short_outage_changes_nothing(queued: ProgrammeWorld) -> None:
    assert queued.claim(queued.at("06-02 19:59")) == {}
    assert queued.sends() == {"1 first": "queued"}


@pytest.mark.parametrize("reason", ["contacted", "opt_out"])
def test_an_exit_during_the_outage_is_the_end(queued: ProgrammeWorld, reason: str) -> None:
    if reason == "contacted":
        queued.stage("mql", queued.at("06-02 12:00"))
        queued.contact(queued.at("06-02 12:00"))
    else:
        queued.act(1, queued.at("06-02 12:00"), "unsubscribe")
    assert queued.claim(queued.at("06-02 13:00")) == {"1 first": reason}
    assert queued.members() == [(1, 1, "exited", reason)]
    assert queued.sends() == {"1 first": reason}
    assert queued.run_until(queued.at("06-12 10:00")) == {}


def record_version(world: ProgrammeWorld, body: str | None) -> None:
    """A second version of every programme, in force since the outage began."""
    world.connection.execute(
        "insert into nurture.programmes (programme, version, hash, body, in_force_since)"
        " select programme, 2, 'newer', %s::jsonb, %s from nurture.programmes",
        [body, world.at("06-02 12:00")],
    )


def test_a_programme_that_was_taken_out_enrols_nobody(queued: ProgrammeWorld) -> None:
    record_version(queued, None)
    assert queued.claim(queued.at("06-02 13:00")) == {"1 first": "removed"}
    assert queued.members() == [(1, 1, "exited", "removed")]


def test_the_exits_are_those_of_the_version_that_was_begun(queued: ProgrammeWorld) -> None:
    """The newer one has no exits, and settings that only a newer leadops understands."""
    record_version(queued, '{"programme": {"exits": [], "unheard_of": 1}}')
    queued.stage("mql", queued.at("06-02 12:00"))
    queued.contact(queued.at("06-02 12:00"))
    assert queued.claim(queued.at("06-02 13:00")) == {"1 first": "contacted"}


def test_an_opt_out_that_nobody_has_resolved_yet_stops_the_message(queued: ProgrammeWorld) -> None:
    queued.connection.execute(
        "insert into identity.aliases (kind, value, lead_id, linked_at)"
        " values ('email', '1@x.example', 1, now())"
    )
    queued.connection.execute(
        "with accepted as (insert into cdp.events (event_id, event, ts, received_at, email, payload, proof)"
        " values ('bye', 'unsubscribe', %(at)s, %(at)s, '1@x.example', '{}', 'write_key') returning seq)"
        " insert into identity.inbox (event_seq, says_consent) select seq, true from accepted",
        {"at": queued.at("06-02 11:01")},
    )
    assert queued.claim(queued.at("06-02 11:01")) == {"1 first": "opt_out"}
    assert queued.members() == [(1, 1, "exited", "opt_out")]


def test_what_is_stale_after_the_outage_is_withheld_and_the_rest_goes_on(queued: ProgrammeWorld) -> None:
    # Stale on 3 June 11:00. The second step is not queued by then, which would withhold the first as well.
    assert queued.claim(queued.at("06-03 11:00")) == {"1 first": "stale"}
    assert queued.run(queued.at("06-03 11:00")) == ["1 second"]


def test_two_steps_that_wait_for_the_ma_are_one_message(queued: ProgrammeWorld) -> None:
    assert queued.run(queued.at("06-03 09:00")) == ["1 second"]
    assert queued.claim(queued.at("06-03 09:30")) == {"1 first": "overtaken"}
    assert queued.sends() == {"1 first": "overtaken", "1 second": "queued"}


def test_an_outage_into_the_night_ends_in_the_morning(queued: ProgrammeWorld) -> None:
    assert queued.claim(queued.at("06-02 20:00")) == {"1 first": "quiet_hours"}
    assert queued.members() == [(1, 1, "active", None)]
    # It is decided again and waits for the morning. Then it has another key: the first one was dropped.
    assert queued.run_until(queued.at("06-03 08:00")) == {"1 first": queued.at("06-03 08:00")}
    keys = queued.rows("select idempotency_key, state from delivery.outbox order by outbox_id")
    assert keys == [("nurture:1:first", "dropped"), ("nurture:1:first:2", "pending")]
    assert queued.claim(queued.at("06-03 08:01")) == {}
    assert queued.sends() == {"1 first": "queued"}


def test_a_night_after_the_last_step_brings_the_membership_back(queued: ProgrammeWorld) -> None:
    queued.claim()
    queued.run_until(queued.at("06-03 09:00"))
    queued.claim()
    assert queued.run(queued.at("06-09 19:59")) == ["1 third"]
    assert queued.members() == [(1, 1, "finished", None)]
    assert queued.claim(queued.at("06-09 20:01")) == {"1 third": "quiet_hours"}
    assert queued.members() == [(1, 1, "active", None)]
    assert queued.run_until(queued.at("06-10 09:00")) == {"1 third": queued.at("06-10 08:00")}
    assert queued.members() == [(1, 1, "finished", None)]


def test_what_the_cap_made_room_for_is_not_counted_when_it_is_withheld(queued: ProgrammeWorld) -> None:
    queued.claim(queued.at("06-03 11:00"))
    queued.set(frequency_cap={"messages": 1, "per_days": 7})
    assert queued.run(queued.at("06-03 12:00")) == ["1 second"]


def test_an_enrolment_of_somebody_erased_goes_nowhere(queued: ProgrammeWorld) -> None:
    queued.connection.execute("delete from nurture.memberships")
    assert queued.claim(queued.at("06-02 12:00")) == {"1 first": "erased"}
