"""Any chunks, any time between them, tight guards: always what one event at a time gives."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.identity.plain_resolver import PlainResolver
from tests.identity.test_resolve import seen
from tests.promises import promise_examples
from tests.scoring.conftest import World
from tests.scoring.oracle import Happening
from tests.shipped import block


@st.composite
def happenings(draw: st.DrawFn) -> list[Happening]:
    made = []
    for number in range(draw(st.integers(1, 16))):
        fields: dict[str, Any] = {
            "email": draw(st.sampled_from([None, None, "a@x.example", "b@x.example", "c@x.example"])),
            "user_id": draw(st.sampled_from([None, "u", "v", "w"])),
            "anonymous_id": draw(st.sampled_from([None, "m", "n", "o"])),
        }
        event = draw(st.sampled_from(["page_view", "identify"]))
        if event == "identify":
            fields["properties"] = {"enrichment_id": draw(st.sampled_from(["e", "f"]))}
        made.append(seen(f"e{number}", event=event, **fields))
    return made


@settings(
    max_examples=promise_examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), made=happenings(), emails=st.integers(1, 3), identifiers=st.integers(1, 9))
def test_chunks_do_not_matter(
    world: World, data: st.DataObject, made: list[Happening], emails: int, identifiers: int
) -> None:
    world.clear()
    usual = world.identity
    guards = {"emails_per_identifier": emails, "identifiers_per_lead": identifiers}
    world.identity = usual.model_copy(update=guards)
    waiting = list(made)
    while waiting:
        size = data.draw(st.integers(1, len(waiting)))
        world.accept(waiting[:size])
        waiting = waiting[size:]
        world.resolve(limit=data.draw(st.integers(1, 9)))
    world.identity = usual
    expected = PlainResolver(made, emails=emails, identifiers=identifiers)
    assert world.owners() == expected.leads
    found = world.rows(
        "select a.kind, a.value, l.email from identity.aliases a left join identity.leads l using (lead_id)"
        " where a.kind <> 'email'"
    )
    assert {(kind, value): email for kind, value, email in found} == expected.owners
    nobodys = world.rows("select count(*) from identity.unresolved_events")
    assert nobodys == [(len(expected.waiting),)]


def test_a_blocked_value_is_as_good_as_not_sent(world: World) -> None:
    world.identity = world.identity.model_copy(
        update={"blocked": block(email=["test@x.example"], user_id=["undefined"])}
    )
    world.accept(
        [
            seen("a", email="a@x.example", user_id="undefined", anonymous_id="m"),
            seen("test", email="Test@x.example", anonymous_id="n"),
            seen("b", user_id="undefined"),
            seen("c", anonymous_id="n"),
            seen("d", user_id="undefined", anonymous_id="m"),
        ]
    )
    world.resolve()
    assert world.owners() == {"a": "a@x.example", "test": "test@x.example", "d": "a@x.example"}


def test_what_a_guard_stops_is_on_record(world: World) -> None:
    world.identity = world.identity.model_copy(update={"emails_per_identifier": 2, "identifiers_per_lead": 1})
    world.accept([seen(f"e{n}", email=f"{n}@x.example", anonymous_id="kiosk") for n in range(4)])
    world.accept([seen(f"f{n}", email="0@x.example", anonymous_id=f"f{n}") for n in range(3)])
    world.accept([seen("later", anonymous_id="kiosk")])
    world.resolve()
    assert "later" not in world.owners()
    assert world.rows("select guard, kind, value, event_seq, times from identity.violations order by 1") == [
        ("emails", "anonymous_id", "kiosk", 3, 1),
        ("identifiers", "lead", "1", 6, 2),
    ]
