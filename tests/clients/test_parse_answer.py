import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops.clients.parse_answer import MAX_DEPTH, holds_unreadable, is_unreadable, parse_answer


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"subject": "Thank you \\ud83d"}', {"subject": "Thank you \ufffd"}),
        (b'{"subject": "\\ude00 thanks"}', {"subject": "\ufffd thanks"}),
        (b'{"\\ud83d": 1}', {"\ufffd": 1}),
        (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
        (b'"\xf0\x9f\x98"', "\ufffd"),  # three of the four bytes of an emoji
        (b'"caf\xe9"', "caf\ufffd"),  # Latin-1
        (b'{"a\\u0000": "b\\u0000c"}', {"a": "bc"}),
        (b'"b\x00c"', "bc"),
        (b'"two\nlines\there"', "two\nlines\there"),
        (b'\xef\xbb\xbf{"id": 1}', {"id": 1}),
        (b"[1]\x00\r\n", [1]),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"id": 123456789012345678901, "x": "\\ud83d"}', {"id": "123456789012345678901", "x": "\ufffd"}),
        (b'{"id": 123456789012345678901}', {"id": "123456789012345678901"}),
        (b"[1.5, 1e3, -0, true, null]", [1.5, 1000.0, 0, True, None]),
    ],
)
def test_what_can_be_read_is_read(content: bytes, value: Any) -> None:
    assert parse_answer(content) == value


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
def test_a_number_that_cannot_be_stored_marks_only_its_own_item(number: str) -> None:
    good, bad = parse_answer(f'[{{"id": 1}}, {{"id": 2, "amount": {number}}}]'.encode())
    assert not holds_unreadable(good)
    assert holds_unreadable(bad)
    assert bad == {"id": 2, "amount": number}, "it is kept as it was written"
    assert is_unreadable(bad["amount"])


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e400"])
def test_a_text_of_the_same_letters_is_text(text: str) -> None:
    assert not holds_unreadable(parse_answer(json.dumps({"name": text}).encode()))


@pytest.mark.parametrize("text", ["", r"\u0000", r"\ud83d"])
def test_an_item_may_have_a_hundred_levels(text: str) -> None:
    """The page itself is one of them; in each way to parse."""

    def nest(levels: int) -> Any:
        return parse_answer(("[" * levels + f'"{text}"' + "]" * levels).encode())

    assert not holds_unreadable(nest(MAX_DEPTH))
    assert holds_unreadable(nest(MAX_DEPTH + 1))
    json.dumps(nest(800))


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"items": [1, 2', b'"half', b"<html>", b"{} {}", b"[" * 100_000, b"\xff", b"'a'"]
)
def test_half_an_answer_is_none(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the parser says
        parse_answer(content)


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.text(), st.lists))
def test_sound_json_is_read_as_it_is(value: Any) -> None:
    plain = json.loads(
        json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").replace(b"\\u0000", b"")
    )
    assert parse_answer(json.dumps(plain).encode()) == plain
