"""No secret and no person on the way into a table, a log or the chat."""

import json
import logging
from collections.abc import Iterator

import pytest

from leadops import mask
from leadops.mask import (
    SentValues,
    hide_known_secrets,
    hide_private,
    mask_addresses,
    mask_text,
    remember_secrets,
)
from leadops.masked_logs import mask_records
from tests.own_log import own_messages

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def _forget_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mask, "_secrets", set())


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("refused: jane.doe+x@mail.example.co.jp, gone", "refused: [e-mail], gone"),
        ("Key (email)=(a@b.example) already exists.", "Key (email)=([e-mail]) already exists."),
        ("<mailto:a@b.example>", "<mailto:[e-mail]>"),
        ("first line\nsecret second line", "first line"),
        ("\n\n  after blank lines ", "after blank lines"),
        ("山田@例え.jp さん", "[e-mail] さん"),
        ("", ""),
        (7, "7"),
        # What says that it is a secret, or has the shape of one.
        ("invalid input for Bearer s3cr3t.t0ken", "invalid input for Bearer [secret]"),
        ("Authorization: Basic bWU6c2VjcmV0", "Authorization: Basic [secret]"),
        ("GET /leads?access_token=abcd1234&page=2", "GET /leads?access_token=[secret]&page=2"),
        ("xoxb-1234-5678-abcdefgh was revoked", "[secret] was revoked"),
        ("post to https://hooks.slack.com/services/T0/B0/xyz failed", "post to [secret] failed"),
        (f"bad {JWT}.", "bad [secret]."),
        ("key 0123456789abcdef0123456789abcdef", "key [secret]"),
        ("'aB3dE5fG7hI9jK1lM3nO' is not a zone", "'[secret]' is not a zone"),
        ("値aB3dE5fG7hI9jK1lM3nOは不正", "値[secret]は不正"),
        ("12345678901234567890123456789012 is too long", "[secret] is too long"),
        # Long, but no secret: words of a script without spaces, names of settings, times.
        ("第2四半期のCRMの商談はすべて担当者に割り当てられていないため確認が必要です", None),
        ("first_contact_minutes_2 is not known", None),
        ("2026-07-01T09:30:00.000Z is too old", None),
        # Telephone numbers, and what is none.
        ("call +81 90-1234-5678 now", "call [phone] now"),
        ("tel 03-1234-5678", "tel [phone]"),
        ("tel (03) 1234 5678", "tel [phone]"),
        ("at 2026-11-29 20:30:00", "at 2026-11-29 20:30:00"),
        ("1200000 of 1000", "1200000 of 1000"),
        ("version 10.20.30.40, lead 1234567890", "version 10.20.30.40, lead 1234567890"),
        ("HTTP 422: lastName is missing (leads[3])", "HTTP 422: lastName is missing (leads[3])"),
        ("the bearer of news", "the bearer of news"),
    ],
)
def test_secrets_addresses_and_numbers_are_masked_and_only_the_first_line_is_kept(
    text: object, masked: str | None
) -> None:
    assert mask_text(text) == (text if masked is None else masked)


def test_a_body_to_be_repaired_loses_our_secrets_and_keeps_its_ids() -> None:
    remember_secrets(["open sesame"])
    body = '{"id": "550e8400-e29b-41d4-a716-446655440000", "email": "a@b.example", "key": "open sesame"}'
    assert hide_known_secrets(body) == body.replace("open sesame", "[secret]")


def test_long_texts_are_cut_after_they_were_masked() -> None:
    assert mask_text("x" * 500, longest=10) == "xxxxxxxxx…"
    assert mask_text("12345 a@b.example", longest=14) == "12345 [e-mail]"


def test_a_known_secret_is_hidden_wherever_it_stands_and_a_short_one_is_not() -> None:
    remember_secrets(["open sesame", "abc", ""])
    assert hide_private("GET /open sesame/abc") == "GET /[secret]/abc"


SENT = {
    "email": "ann@buyer.example",
    "lastName": "Yamada",
    "name": "Hanako Yamada",
    "company": "山田商事",
    "title": "head of sales",
    "phone": "0312345678",
    "employees": 1200,
    "lists": [{"city": "Kyoto"}],
    "country": "JP",
    "is_new": True,
}


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("unknown city Kyoto", "unknown city […]"),
        ("unknown city KYOTO", "unknown city […]"),
        ("Hanako is not known", "[…] is not known"),
        ("Hanako Yamada is not known", "[…] is not known"),
        ("company 山田商事 exists", "company […] exists"),
        ("title 'head of sales' is too long", "title '[…]' is too long"),
        ("employees 1200 is no range", "employees […] is no range"),
        (json.dumps(SENT, ensure_ascii=False), None),
        # Too short to be searched, not a whole word, an ordinary word alone, a name of a field.
        ("country JP is unknown", "country JP is unknown"),
        ("Kyotoites only", "Kyotoites only"),
        ("the head is missing", "the head is missing"),
        ("lastName is required", "lastName is required"),
    ],
)
def test_what_was_sent_is_hidden_in_the_answer(text: str, hidden: str | None) -> None:
    answer = mask_text(text, longest=2000, sent=SentValues(json.dumps(SENT).encode()))
    if hidden is not None:
        assert answer == hidden
        return
    for value in (
        "ann@buyer.example",
        "Yamada",
        "Hanako",
        "山田商事",
        "head of sales",
        "0312345678",
        "Kyoto",
    ):
        assert value.casefold() not in answer.casefold()


def test_a_body_that_is_no_json_and_a_query_are_hidden_too() -> None:
    assert SentValues("name=Hanako&city=Kyoto").hide("no Hanako in kyoto") == "no […] in […]"
    assert SentValues(None, "ann-17").hide("no lead ann-17") == "no lead […]"
    assert SentValues().hide("nothing was sent") == "nothing was sent"


@pytest.fixture
def _own_factory() -> Iterator[None]:
    former = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(former)


@pytest.mark.usefixtures("_own_factory")
def test_what_libraries_warn_of_is_masked_and_our_own_words_stay(caplog: pytest.LogCaptureFixture) -> None:
    mask_records()
    factory = logging.getLogRecordFactory()
    mask_records()
    assert logging.getLogRecordFactory() is factory
    remember_secrets(["xyz-token"])
    logging.getLogger("slack_sdk.web").error("Failed to parse %s of %s", "xyz-token", "a@b.example")
    logging.error("%d %% of xyz-token", 50)  # slack_sdk does that
    logging.getLogger("leadops.x").warning("lead a@b.example")
    assert logging.makeLogRecord({"name": "slack_sdk", "msg": "copied"}).getMessage() == "copied"
    assert own_messages(caplog, "slack_sdk", "root", "leadops") == [
        "Failed to parse [secret] of [e-mail]",
        "50 % of [secret]",
        "lead a@b.example",
    ]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("taro@buyer.example", "t•••@b•••#5f9b"),
        ("TARO@Buyer.example", "T•••@B•••#5f9b"),
        ("for taro@buyer.example, 2026", "for t•••@b•••#5f9b, 2026"),
        ("taro＠buyer.example", "t•••@b•••#5f9b"),
        ("/thanks?mail=taro%40buyer.example&x=1", "/thanks?mail=t•••@b•••#5f9b&x=1"),
        ("a@b.example and c@d.example", None),
        ("spring @ home", "spring @ home"),
        ("100% of 40", "100% of 40"),
        ("", ""),
    ],
)
def test_an_address_in_a_name_is_masked_so_that_two_still_differ(text: str, masked: str | None) -> None:
    shown = mask_addresses(text)
    if masked is None:
        assert len(set(shown.split(" and "))) == 2
        assert "example" not in shown
    else:
        assert shown == masked
