import codecs
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from leadops.events.event_refusal import EventRefusal
from leadops.intake.read_form import parse_form, read_form
from leadops.intake.validate_form import ValidForm
from tests.shipped import SHIPPED

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
KEY = b"k" * 16
FORM = {"email": "ann@buyers.example", "properties": {"name": "佐藤"}}
TEXT = json.dumps(FORM, ensure_ascii=False)


@pytest.mark.parametrize(
    "body",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        f"\n {TEXT} \r\n".encode(),
        f"[{TEXT}]".encode(),
        f"[[{TEXT}]]".encode(),
    ],
)
def test_one_object_is_read_however_it_is_packed(body: bytes) -> None:
    assert parse_form(body) == FORM


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_json"),
        (b'{"email": ', "not_json"),
        (TEXT.encode("shift_jis"), "not_utf8"),
        (b"\x1f\x8b\x08", "not_utf8"),
        (b"[" * 1000, "too_deep"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "too_deep"),
        (b"[]", "not_an_object"),
        (f"[{TEXT}, {TEXT}]".encode(), "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"NaN", "not_an_object"),
    ],
)
def test_what_is_not_one_object_says_why(body: bytes, reason: str) -> None:
    refusal = parse_form(body)
    assert isinstance(refusal, EventRefusal)
    assert refusal.reason == reason
    assert refusal.detail
    assert "佐藤" not in refusal.detail


def read(body: bytes | dict[str, Any]) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_form(raw, hash_key=KEY, sent_at=NOW, now=NOW, settings=SHIPPED.events)


def test_any_body_has_an_id_that_stays() -> None:
    bodies: list[bytes | dict[str, Any]] = [b"", b"\xff", b"[]", FORM, FORM | {"email": ""}]
    ids = [read(body).submission_id for body in bodies]
    assert len(set(ids)) == len(bodies)
    assert ids == [read(body).submission_id for body in bodies]
    assert {len(submission_id) for submission_id in ids} == {40}


def test_a_form_is_a_valid_one_or_says_why_not() -> None:
    assert isinstance(read(FORM).verdict, ValidForm)
    assert read({}).verdict.reason == "missing_field"
    assert read(b"{").verdict.reason == "not_json"
