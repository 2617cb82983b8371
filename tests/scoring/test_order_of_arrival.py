"""What is known of a person depends on what was said and when, never on what arrived first."""

from datetime import datetime
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.identity.apply_merges import follow_ages, lock_identity
from leadops.identity.compare_rebuilt import compare_rebuilt
from leadops.identity.import_leads import ImportedLead, import_leads
from tests.identity.test_get_or_create_lead import get_or_create_lead
from tests.promises import promise_examples
from tests.scoring.conftest import NOW, TOKYO, World, at
from tests.scoring.oracle import Happening, give_points
from tests.shipped import make_rules

#: Behaviour, and one fit rule for each trait. Two rules are over addresses: a competitor's, and free mail.
RULES = make_rules(
    behaviour=[
        {"name": "page", "event": "page_view", "points": 3, "cap_per_day": 6},
        {"name": "form", "event": "submit_form", "points": 10, "cap_per_lead": 20},
    ],
    fit=[
        {"name": "mine", "trait": "industry", "when": {"in": ["mining"]}, "points": 1},
        {"name": "size", "trait": "employees", "when": {"at_least": 100}, "points": 2},
        {"name": "head", "trait": "title", "when": {"contains": "chief"}, "points": 4},
        {"name": "home", "trait": "country", "when": {"in": ["JP"]}, "points": 8},
        {"name": "acme", "trait": "company", "when": {"equals": "Acme"}, "points": 16},
        {"name": "rival", "trait": "email_domain", "when": {"in": ["rival.example"]}, "points": -100},
        {"name": "free", "trait": "email_domain", "when": {"in": ["gmail.com"]}, "points": -5},
    ],
)
#: What may be sent of each trait, and whether its rule holds then; None: it says nothing.
SENT: dict[str, dict[Any, bool | None]] = {
    "industry": {"Mining": True, "farming": False, " ": None},
    "employees": {150: True, "101-200": True, "20": False, "N/A": None},
    "title": {"Chief of staff": True, "Intern": False, "-": None},
    "country": {"日本": True, "Japan": True, "DE": False, "": None},
    "company": {"Acme Inc.": True, "㈱Acme": True, "Other": False, "不明": None},
    "website": {"https://acme.example/": True, "other.example": True, "gmail.com": True, "": None},
}
FIT = {"industry": "mine", "employees": "size", "title": "head", "country": "home", "company": "acme"}
POINTS = {rule.name: rule.points for rule in RULES.fit}
ACCOUNTS = {"https://acme.example/": "acme.example", "other.example": "other.example", "gmail.com": None}
#: The first person has three addresses, one of them a competitor's; the second has one, the third none.
PEOPLE = (("ann@rival.example", "ann@gmail.com", "ann@own.example"), ("bob@gmail.com",), ())


class Arrival(NamedTuple):
    """What reaches leadops at once: an event, a form, or a row of an import."""

    person: int
    happening: Happening | None
    is_form: bool
    row: ImportedLead | None


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    """What is said of three people; a member's id comes with each address, so that all of Ann's are one."""
    made = []
    for email in PEOPLE[0]:
        moment = at(draw(st.sampled_from([-600, 0, 60])))
        made.append(Arrival(0, Happening(f"m-{email}", "login", moment, email, "u0"), False, None))
    for number in range(draw(st.integers(1, 14))):
        person = draw(st.integers(0, 2))
        emails = PEOPLE[person]
        moment = at(draw(st.sampled_from([-600, -1, 0, 0, 1, 1441])))
        email = draw(st.sampled_from([None, *emails]))
        if email and draw(st.integers(0, 4)) == 0:
            row = ImportedLead(f"crm-{email}", email, moment, campaign=draw(st.sampled_from([None, "x"])))
            made.append(Arrival(person, None, False, row))
            continue
        event = draw(st.sampled_from(["page_view", "identify", "submit_form"]))
        properties: dict[str, Any] = {}
        if event != "page_view":
            for trait in draw(st.sets(st.sampled_from(sorted(SENT)))):
                properties[trait] = draw(st.sampled_from(list(SENT[trait])))
            if draw(st.booleans()):
                properties["enrichment_id"] = f"n{person}"
        happening = Happening(
            f"e{number}",
            event,
            moment,
            email=email,
            user_id=draw(st.sampled_from([None, f"u{person}"])),
            anonymous_id=draw(st.sampled_from([None, f"a{person}", f"b{person}"])),
            properties=properties,
        )
        made.append(Arrival(person, happening, event == "submit_form" and email is not None, None))
    return made


def arrive(world: World, arrival: Arrival) -> None:
    if arrival.row:
        with world.connection.transaction():
            lock_identity(world.connection)
            found = import_leads(world.connection, [arrival.row], now=NOW)
            follow_ages(world.connection, found.changed, settings=world.identity, now=NOW)
        return
    assert arrival.happening
    world.accept([arrival.happening])
    if arrival.is_form:
        (seq,) = world.rows("select max(seq) from cdp.events")[0]
        get_or_create_lead(world.connection, email=str(arrival.happening.email), event_seq=seq, now=NOW)
        world.connection.commit()


def outcome(world: World) -> dict[str, Any]:
    """Return all that is known of each person, by their addresses, without who was first."""
    members: dict[int, list[str]] = {}
    for person, email in world.rows("select coalesce(merged_into, lead_id), email from identity.leads"):
        members.setdefault(person, []).append(email)
    names = {person: " ".join(sorted(emails)) for person, emails in members.items()}
    points: dict[tuple[str, str | None, str], int] = {}
    for person, event, rule, awarded in world.rows(
        "select coalesce(l.merged_into, l.lead_id), e.event_id, g.rule, g.points"
        " from scoring.ledger g join identity.leads l using (lead_id)"
        " left join cdp.events e on e.seq = g.event_seq"
    ):
        key = (names[person], event, rule)
        points[key] = points.get(key, 0) + awarded
    return {
        "points": {key: awarded for key, awarded in points.items() if awarded},
        "traits": {
            (names[person], trait): value
            for person, trait, value in world.rows("select lead_id, trait, value from identity.person_traits")
        },
        "accounts": {
            names[person]: domain
            for person, domain in world.rows(
                "select c.lead_id, a.domain from identity.person_accounts c left join identity.accounts a"
                " using (account_id)"
            )
        },
        "known since": world.rows(
            "select email, ts, event_id, is_history from identity.traits join identity.leads using (lead_id)"
            " where trait = 'email_domain' order by 1"
        ),
        "identifiers": {
            (kind, value): names[person]
            for kind, value, person in world.rows(
                "select a.kind, a.value, coalesce(l.merged_into, l.lead_id)"
                " from identity.aliases a join identity.leads l using (lead_id)"
            )
        },
        "events": {
            event: names[person]
            for event, person in world.rows(
                "select e.event_id, p.lead_id from identity.person_events p"
                " join cdp.events e on e.seq = p.event_seq"
            )
        },
    }


def expect(made: list[Arrival]) -> dict[str, Any]:
    """Return what should come out, read from all arrivals at once."""
    expected: dict[str, Any] = {"points": {}, "traits": {}, "accounts": {}, "known since": []}
    for person in range(len(PEOPLE)):
        mine = [each for each in made if each.person == person]
        events = [each.happening for each in mine if each.happening]
        since: dict[str, tuple[datetime, str, bool]] = {}
        for each in mine:
            if each.row:
                email, moment = str(each.row.email), (each.row.created_at, "import", True)
            elif each.happening and each.happening.email:
                email, moment = each.happening.email, (each.happening.ts, each.happening.event_id, False)
            else:
                continue
            since[email] = min(since.get(email, moment), moment)
        if not since:
            continue
        tied = _tied(events)
        name = " ".join(sorted(since))
        newest: dict[str, Any] = {}
        for event in sorted(tied, key=lambda event: (event.ts, event.event_id)):
            said = {trait: value for trait, value in event.properties.items() if trait in SENT}
            newest |= {trait: value for trait, value in said.items() if SENT[trait][value] is not None}
        points: dict[tuple[str | None, str], int] = dict(
            give_points(tied, {}, RULES.model_copy(update={"fit": []}), TOKYO)
        )
        for trait, rule in FIT.items():
            if SENT[trait].get(newest.get(trait)):
                points[None, rule] = POINTS[rule]
        domains = sorted({email.partition("@")[2] for email in since})
        points |= {
            (None, rule): POINTS[rule]
            for rule, domain in (("rival", "rival.example"), ("free", "gmail.com"))
            if domain in domains
        }
        expected["points"] |= {(name, *key): awarded for key, awarded in points.items()}
        expected["traits"] |= {(name, trait): value for trait, value in newest.items()}
        expected["traits"][name, "email_domain"] = " ".join(domains)
        expected["accounts"][name] = ACCOUNTS.get(newest.get("website", ""))
        expected["known since"] += [(email, *moment) for email, moment in since.items()]
    expected["known since"].sort()
    return expected


def _tied(events: list[Happening]) -> list[Happening]:
    """Return the events that identifiers connect with an address of the person."""
    names: set[tuple[str, Any]] = set()
    tied: list[Happening] = []
    grown = True
    while grown:
        grown = False
        for event in events:
            own = {
                ("user", event.user_id),
                ("cookie", event.anonymous_id),
                ("enrichment", event.properties.get("enrichment_id")),
            }
            own = {(kind, value) for kind, value in own if value}
            if event not in tied and (event.email or own & names):
                tied.append(event)
                names |= own
                grown = True
    return tied


@settings(
    max_examples=promise_examples(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), made=arrivals())
def test_what_arrived_first_decides_nothing_about_a_person(
    world: World, data: st.DataObject, made: list[Arrival]
) -> None:
    outcomes = []
    for order in (made, data.draw(st.permutations(made))):
        world.clear()
        for arrival in order:
            arrive(world, arrival)
            if data.draw(st.booleans()):
                world.resolve(limit=data.draw(st.integers(1, 4)))
            if data.draw(st.booleans()):
                world.score(RULES)
        world.resolve()
        world.score(RULES)
        assert world.totals_differ() == []
        world.connection.commit()
        assert compare_rebuilt(world.connection, settings=world.identity).differences == {}
        outcomes.append(outcome(world))
    for name, value in outcomes[0].items():
        assert outcomes[1][name] == value, name
    expected = expect(made)
    for name, value in expected.items():
        assert outcomes[0][name] == value, name
