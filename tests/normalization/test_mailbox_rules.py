"""Mailboxes written by hand from what the providers publish (docs/identity.md names the pages)."""

import pytest

from leadops.normalization.mailbox_rules import PROVIDERS, list_domains, name_mailbox


@pytest.mark.parametrize(
    ("email", "mailbox"),
    [
        ("ann.buyer@gmail.com", "annbuyer@gmail.com"),
        ("a.n.n.buyer+news@googlemail.com", "annbuyer@gmail.com"),
        ("annbuyer+a+b@gmail.com", "annbuyer@gmail.com"),
        # Outlook, Fastmail and Proton ignore the tag; their domains are separate, and their dots count.
        ("ann.buyer+news@outlook.com", "ann.buyer@outlook.com"),
        ("ann+news@hotmail.com", "ann@hotmail.com"),
        ("ann+news@live.com", "ann@live.com"),
        ("ann+news@fastmail.fm", "ann@fastmail.fm"),
        ("ann.b+news@proton.me", "ann.b@proton.me"),
        ("ann+news@pm.me", "ann@pm.me"),
        # Apple says that the three domains are one account, and nothing of tags.
        ("ann@me.com", "ann@icloud.com"),
        ("ann+news@mac.com", "ann+news@icloud.com"),
        # Any other domain is one of whose tags the caller knows.
        ("ann.buyer+news@buyer.example", "ann.buyer@buyer.example"),
        ("ann-news@buyer.example", "ann-news@buyer.example"),
        # Nothing is left to name a mailbox by.
        ("+news@buyer.example", "+news@buyer.example"),
        ("...@gmail.com", "...@gmail.com"),
    ],
)
def test_spellings_of_a_mailbox(email: str, mailbox: str) -> None:
    assert name_mailbox(email) == mailbox
    assert name_mailbox(mailbox) == mailbox


def test_no_domain_is_of_two_providers() -> None:
    assert len(list_domains(PROVIDERS)) == sum(len(provider.domains) for provider in PROVIDERS.values())
    assert list_domains(["gmail"]) == {"gmail.com", "googlemail.com"}
