"""Several spellings of an address are one person where the rule of the mailbox is known."""

from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from leadops.identity.apply_merges import lock_identity, merge_imported
from leadops.identity.compare_rebuilt import compare_rebuilt
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.import_leads import ImportedLead, import_leads
from leadops.identity.split_leads import split_leads
from tests.identity.test_resolve import seen
from tests.promises import promise_examples
from tests.scoring.conftest import NOW, World, at
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED, block, change

#: The five addresses of one person, as five leads.
FIVE = [
    "ann.buyer@gmail.com",
    "annbuyer@gmail.com",
    "annbuyer+news@gmail.com",
    "name@buyer.example",
    "name+webinar@buyer.example",
]
LISTED = change(SHIPPED.identity, mailboxes={"plus_domains": ["buyer.example"]})
NONE = change(SHIPPED.identity, mailboxes={"providers": [], "plus_domains": []})


def mails(*emails: str, **options: str) -> list[Happening]:
    return [seen(f"{number} {email}", email=email, **options) for number, email in enumerate(emails)]


def people(world: World) -> list[list[str]]:
    """Return the addresses of each person, by what the leads say."""
    persons: dict[int, list[str]] = defaultdict(list)
    for person, email in world.rows("select coalesce(merged_into, lead_id), email from identity.leads"):
        persons[person].append(email)
    return sorted(sorted(emails) for emails in persons.values())


def told_to_ma(world: World) -> list[str]:
    rows = world.rows(
        "select payload ->> 'email' from delivery.outbox where operation = 'upsert_lead' order by outbox_id"
    )
    return [email for (email,) in rows]


def check_rebuilt(world: World) -> None:
    world.connection.commit()
    assert compare_rebuilt(world.connection, settings=world.identity).differences == {}


def run(world: World, happenings: list[Happening]) -> None:
    world.accept(happenings)
    world.resolve()


def test_five_addresses_are_two_persons_where_the_company_is_listed_and_else_three(world: World) -> None:
    # Gmail publishes its rule; what a company's server does with a plus nobody knows but who lists it.
    run(world, mails(*FIVE))
    assert people(world) == [sorted(FIVE[:3]), [FIVE[4]], [FIVE[3]]]
    merges = world.rows(
        "select older_lead_id, younger_lead_id, kind, value from identity.lead_merges order by 1, 2"
    )
    assert merges == [(1, 2, "mailbox", "annbuyer@gmail.com"), (1, 3, "mailbox", "annbuyer@gmail.com")]
    assert told_to_ma(world) == [FIVE[0], *FIVE[3:]]
    check_rebuilt(world)
    world.identity = LISTED
    world.resolve()
    assert people(world) == [sorted(FIVE[:3]), sorted(FIVE[3:])]
    check_rebuilt(world)


def test_a_setting_that_is_taken_away_parts_them_and_the_ma_learns_of_each(world: World) -> None:
    run(world, mails(*FIVE[:3]))
    assert told_to_ma(world) == [FIVE[0]]
    world.identity = NONE
    world.resolve()
    assert people(world) == [[email] for email in sorted(FIVE[:3])]
    assert world.rows("select distinct undone_because from identity.lead_merges") == [
        ("the evidence no longer holds",)
    ]
    assert sorted(told_to_ma(world)) == sorted(FIVE[:3])
    check_rebuilt(world)
    world.identity = SHIPPED.identity
    world.resolve()
    assert people(world) == [sorted(FIVE[:3])]


def test_a_split_holds_and_keeps_the_others_together(world: World) -> None:
    run(world, mails(*FIVE[:3]))
    split_leads(world.connection, settings=world.identity, reason="twins", by="ops", now=NOW, lead=1)
    world.connection.commit()
    assert people(world) == sorted([[FIVE[0]], sorted(FIVE[1:3])])
    assert sorted(told_to_ma(world)) == sorted([FIVE[0], FIVE[1]])
    check_rebuilt(world)
    run(world, [seen("more", email=FIVE[0])])
    assert people(world) == sorted([[FIVE[0]], sorted(FIVE[1:3])])


def test_claims_roles_and_blocked_addresses_are_joined_with_nobody(world: World) -> None:
    world.identity = change(LISTED, blocked=block(email=["test@gmail.com"]).model_dump(), leads_per_person=5)
    apart = [
        "test@gmail.com",
        "te.st@gmail.com",
        "t.est@gmail.com",
        "info@buyer.example",
        "info+x@buyer.example",
    ]
    run(world, [*mails(*apart), *mails(FIVE[0]), *mails(FIVE[1], anonymous_id="browser", proof="claim")])
    assert people(world) == sorted([email] for email in [*apart, *FIVE[:2]])
    check_rebuilt(world)
    # With proof the claimed spelling is the person's.
    run(world, [seen("proof", email=FIVE[1])])
    assert sorted(FIVE[:2]) in people(world)
    check_rebuilt(world)


def test_too_many_spellings_are_a_shared_login(world: World) -> None:
    six = [f"qa+{number}@gmail.com" for number in range(6)]
    run(world, mails(*six[:5]))
    assert len(people(world)) == 1
    run(world, mails(six[5]))
    assert len(people(world)) == 6
    assert world.rows("select guard, value from identity.violations") == [("merges", "1")]
    assert sorted(told_to_ma(world)) == six
    check_rebuilt(world)


def test_an_import_joins_what_is_there(world: World) -> None:
    run(world, mails(FIVE[1]))
    with world.connection.transaction():
        lock_identity(world.connection)
        row = ImportedLead("crm-1", FIVE[0], at(1))
        found = import_leads(world.connection, [row], now=NOW)
        assert merge_imported(world.connection, found.lead_ids, settings=world.identity, now=NOW) == 1
    assert people(world) == [sorted(FIVE[:2])]
    check_rebuilt(world)


def read_mailbox(email: str) -> str:
    """Return who an address of the test below belongs to, looked up in a table written by hand."""
    return {
        "a.b@gmail.com": "ab",
        "ab@gmail.com": "ab",
        "ab+x@googlemail.com": "ab",
        "cd@proton.me": "cd",
        "cd+x@proton.me": "cd",
        "c.d@proton.me": "c.d",
        "n@buyer.example": "n",
        "n+x@buyer.example": "n",
        "n+x@other.example": "other",
    }[email]


SPELLINGS = [
    *("a.b@gmail.com", "ab@gmail.com", "ab+x@googlemail.com", "cd@proton.me", "cd+x@proton.me"),
    *("c.d@proton.me", "n@buyer.example", "n+x@buyer.example", "n+x@other.example"),
]


@settings(
    max_examples=promise_examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    order=st.permutations(SPELLINGS), chunk=st.integers(1, 9), imported=st.sets(st.sampled_from(SPELLINGS))
)
def test_the_order_of_arrival_does_not_matter(
    world: World, order: list[str], chunk: int, imported: set[str]
) -> None:
    world.clear()
    world.identity = LISTED
    for number, email in enumerate(order):
        if email in imported:
            with world.connection.transaction():
                lock_identity(world.connection)
                row = ImportedLead(None, email, at(number))
                found = import_leads(world.connection, [row], now=NOW)
                merge_imported(world.connection, found.lead_ids, settings=world.identity, now=NOW)
        else:
            world.accept([seen(f"{number}", email=email)])
            if number % 2:
                world.resolve(limit=chunk)
    world.resolve(limit=chunk)
    expected: dict[str, list[str]] = defaultdict(list)
    for email in SPELLINGS:
        expected[read_mailbox(email)].append(email)
    assert people(world) == sorted(sorted(emails) for emails in expected.values())
    check_rebuilt(world)


@pytest.mark.parametrize("domain", ["Buyer.example", "gmail.com", "@buyer.example", "buyer"])
def test_a_listed_domain_is_a_companys(domain: str) -> None:
    with pytest.raises(ValidationError):
        change(SHIPPED.identity, mailboxes={"plus_domains": [domain]})
    assert isinstance(LISTED, IdentitySettings)
