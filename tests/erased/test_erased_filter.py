"""Hashes of identifiers: one for each key, the same in any field, none while nobody was erased."""

import pytest

from leadops.erased.erased_filter import ErasedFilter, ErasureKeyError
from leadops.errors import ConfigError

KEY = "k" * 16
#: printf 'email:ann@buyer.example' | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkk
ANN = "7d397f40bb2eb7bd1b5cbc377919e832fb5f0c4078dbbca410294a59a9f35f6f"
#: As above, of mailbox:ann@buyer.example and mailbox:annbuyer@gmail.com.
ANNS_MAILBOX = "cfa46d7b8be1dd43ebd68743ff2f378893223dcc340d15d82016b6dd205d6c5d"
GMAIL = "a7028e70fd4bb3641b47375f369ef53100aea944211c0d090e9d8a6ab6684133"


def make_filter(*keys: str) -> ErasedFilter:
    return ErasedFilter(tuple(key.encode() for key in keys or (KEY,)), is_needed=True)


@pytest.mark.parametrize(
    "item",
    [
        {"email": " Ann@Buyer.Example "},
        {"user_id": "ann@buyer.example"},
        {"properties": {"invited": ["x", {"by": "Ann <ann@buyer.example>"}]}},
        {"context": {"page": "/u?mail=ann@buyer.example"}},
        {"properties": {"ann@buyer.example": 1}},
    ],
)
def test_an_address_has_one_hash_wherever_it_stands(item: dict[str, object]) -> None:
    assert set(make_filter().hash_item(item)) == {ANN, ANNS_MAILBOX}


def test_nothing_is_hashed_while_nobody_was_erased() -> None:
    erased = ErasedFilter((KEY.encode(),))
    assert erased.hash_item({"email": "ann@buyer.example"}) == []
    erased.require(erased.key_checks)
    assert set(erased.hash_item({"email": "ann@buyer.example"})) == {ANN, ANNS_MAILBOX}


def test_a_kind_is_part_of_the_hash_and_each_key_makes_one() -> None:
    erased = make_filter("n" * 16, KEY)
    assert erased.hash_identifier("email", "ann@buyer.example")[1] == ANN
    assert erased.hash_identifier("email", "ann@buyer.example")[3] == ANNS_MAILBOX
    both = {*erased.hash_identifier("user_id", "77"), *erased.hash_identifier("crm_id", "77")}
    assert len(both) == 4
    # An event keeps its name when a new key comes before the old one.
    assert erased.name_event("e-1") == make_filter().name_event("e-1")


def test_a_missing_or_another_key_is_noticed() -> None:
    checks = make_filter().key_checks
    with pytest.raises(ErasureKeyError, match="is not set"):
        ErasedFilter().require(checks)
    with pytest.raises(ErasureKeyError, match="is another key"):
        make_filter("n" * 16).require(checks)
    with pytest.raises(ConfigError, match="shorter than 16"):
        ErasedFilter.of({"LEADOPS_ERASURE_KEY": "short"})
    assert ErasedFilter.of({"LEADOPS_ERASURE_KEY": f"{'n' * 16}, {KEY}"}).keys == (b"n" * 16, KEY.encode())


@pytest.mark.parametrize(
    ("email", "mailbox"),
    [
        ("Ann.Buyer+news@googlemail.com", GMAIL),
        ("annbuyer@gmail.com", GMAIL),
        ("ann+webinar@buyer.example", ANNS_MAILBOX),
    ],
)
def test_every_spelling_is_recognised_by_what_is_on_record_of_the_mailbox(email: str, mailbox: str) -> None:
    erased = make_filter()
    assert mailbox in erased.hash_item({"email": email})
    assert mailbox in erased.hash_item({"properties": {"note": f"write to {email}, please"}})
    assert mailbox in erased.hash_identifier("email", email)
    # On record is what identity says: of an address no more than itself.
    assert erased.hash_for_record("email", email) != mailbox
    assert erased.hash_for_record("mailbox", "annbuyer@gmail.com") == GMAIL
    assert make_filter("n" * 16, KEY).hash_for_record("mailbox", "annbuyer@gmail.com") != GMAIL
