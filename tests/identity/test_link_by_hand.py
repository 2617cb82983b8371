"""The resolver alone, event after event: each limit at its bound."""

import pytest

from leadops.identity.link_resolver import NOBODY, LinkEvent, LinkResolver

COOKIE, OTHER, USER = ("anonymous_id", "m"), ("anonymous_id", "n"), ("user_id", "u")


def resolve(*events: LinkEvent, emails: int = 3, identifiers: int = 9) -> LinkResolver:
    resolver = LinkResolver(emails, identifiers)
    resolver.resolve(events)
    return resolver


@pytest.mark.parametrize(
    ("emails", "shared"), [(1, {COOKIE: 2}), (2, {COOKIE: 3}), (3, {COOKIE: 4}), (4, {})]
)
def test_an_identifier_with_more_emails_than_allowed_is_nobodys(
    emails: int, shared: dict[tuple[str, str], int]
) -> None:
    """It is lead 1's by event 1; events 2 to 4 carry it with the emails of leads 2 to 4."""
    found = resolve(*(LinkEvent(lead, lead, (COOKIE,)) for lead in (1, 2, 3, 4)), emails=emails)
    assert found.shared == shared
    assert found.owners[COOKIE] == (NOBODY if shared else 1)
    assert found.sizes[1] == (0 if shared else 1)
    assert found.sightings_added == [
        (*COOKIE, lead, lead) for lead in range(2, min(emails, 3) + 2) if lead <= 4
    ]


def test_an_email_seen_again_counts_once() -> None:
    found = resolve(*(LinkEvent(seq, min(seq, 2), (COOKIE,)) for seq in range(1, 9)), emails=2)
    assert (found.owners[COOKIE], found.sightings_added) == (1, [(*COOKIE, 2, 2)])


def test_emails_of_earlier_chunks_count() -> None:
    resolver = LinkResolver(2, 9, owners={COOKIE: 1}, sightings={(*COOKIE, 2): 5})
    resolver.resolve([LinkEvent(8, 2, (COOKIE,))])
    assert resolver.owners[COOKIE] == 1
    resolver.resolve([LinkEvent(9, 3, (COOKIE,))])
    assert (resolver.owners[COOKIE], resolver.shared) == (NOBODY, {COOKIE: 9})


@pytest.mark.parametrize(("identifiers", "owned"), [(1, [USER]), (2, [USER, COOKIE])])
def test_a_full_lead_gets_no_more(identifiers: int, owned: list[tuple[str, str]]) -> None:
    found = resolve(LinkEvent(1, 1, (USER,)), LinkEvent(2, 1, (COOKIE,)), identifiers=identifiers)
    assert list(found.owners) == owned
    assert found.over_limit == ({1: [2]} if identifiers == 1 else {})


def test_what_waiting_events_tied_together_goes_together_or_not_at_all() -> None:
    tied = LinkEvent(1, 0, (USER, COOKIE)), LinkEvent(2, 0, (COOKIE, OTHER))
    found = resolve(*tied, LinkEvent(3, 7, (OTHER,)), LinkEvent(4, 0, (USER,)), identifiers=3)
    assert found.owners == {USER: 7, COOKIE: 7, OTHER: 7}
    assert found.assigned == {4: 7}
    full = resolve(*tied, LinkEvent(3, 7, (OTHER,)), identifiers=2)
    assert (full.owners, full.over_limit) == ({}, {7: [3]})


def test_the_first_identifier_with_an_owner_decides() -> None:
    owners = {USER: NOBODY, COOKIE: 4, OTHER: 5}
    resolver = LinkResolver(3, 9, owners=owners)
    resolver.resolve([LinkEvent(1, 0, (USER, COOKIE, OTHER)), LinkEvent(2, 0, (USER,))])
    assert resolver.assigned == {1: 4}


def test_only_the_email_of_its_own_lead_confirms_an_identifier() -> None:
    resolver = LinkResolver(3, 9, owners={COOKIE: 1}, unconfirmed={COOKIE})
    resolver.resolve([LinkEvent(1, 2, (COOKIE,)), LinkEvent(2, 0, (COOKIE,))])
    assert resolver.confirmed == {}
    resolver.resolve([LinkEvent(3, 1, (COOKIE,)), LinkEvent(4, 1, (COOKIE,))])
    assert resolver.confirmed == {COOKIE: 3}
